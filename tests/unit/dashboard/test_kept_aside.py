from datetime import timedelta
from typing import Any

from broadgauge_collector.reports.kept_aside import KeptAside, KeptAsideRecord, KeptAsideTally
from broadgauge_dashboard.views.kept_aside import body, notice
from broadgauge_wire import new_id
from tests.unit.dashboard.seeing import NOW, parts, texts, walk

HOSTILE = "<img src=x onerror=window.owned=1>"
WHO: dict[str, Any] = {
    "agent_id": new_id(),
    "agent": "Library desk",
    "school_id": new_id(),
    "school": "Lincoln Elementary",
}


def tally(reason: str = "lost is over sent", records: int = 3, **who: Any) -> KeptAsideTally:
    moments: dict[str, Any] = {
        "first_at": NOW - timedelta(days=2),
        "last_at": NOW - timedelta(hours=3),
    }
    return KeptAsideTally(reason=reason, records=records, **(WHO | who), **moments)


def record(reason: str = "lost is over sent", text: str = '{"lost":101}') -> KeptAsideRecord:
    return KeptAsideRecord(
        received_at=NOW - timedelta(hours=3),
        epoch=new_id(),
        lane="live",
        sequence=7,
        index=2,
        id=None,
        reason=reason,
        record=text,
        **WHO,
    )


def shown(*tallies: KeptAsideTally, records: tuple[KeptAsideRecord, ...] = ()) -> Any:
    return body(KeptAside(tallies=tallies, records=records), None, None, NOW)


def test_nothing_kept_aside_says_so_and_what_would_stand_here() -> None:
    words = texts(shown())
    assert "Nothing was kept aside" in words
    assert "with the reason" in words


def test_each_agent_and_reason_is_counted_with_when_it_was_last() -> None:
    words = texts(shown(tally(), tally("can't be read", 1, agent="Office")))
    assert "4 results" in words
    for expected in ("Library desk", "Lincoln Elementary", "lost is over sent.", "3 hours ago"):
        assert expected in words


def test_a_count_leads_to_its_records() -> None:
    page = shown(tally(reason="lost & found"))
    (link,) = [c for c in walk(page) if getattr(c, "href", "").startswith("/kept-aside?")]
    assert link.href == f"/kept-aside?agent={WHO['agent_id']}&reason=lost+%26+found"


def test_a_record_is_text_whatever_is_in_it() -> None:
    page = shown(tally(HOSTILE), records=(record(HOSTILE, HOSTILE),))
    (pre,) = parts(page, "record")
    assert texts(pre) == HOSTILE
    assert all("owned" not in str(getattr(c, "dangerously_allow_html", "")) for c in walk(page))
    names = {type(c).__name__ for c in walk(page)}
    assert not names & {"Markdown", "DangerouslySetInnerHTML", "Iframe"}


def test_records_can_be_taken_away_as_they_were_chosen() -> None:
    agent = WHO["agent_id"]
    page = body(KeptAside(tallies=(tally(),), records=(record(),)), agent, "lost", NOW)
    files = [c.href for c in walk(page) if getattr(c, "href", "").startswith("/api/v1/refused")]
    assert [f"format={f}" in href for f, href in zip(("csv", "jsonl"), files, strict=True)] == [
        True,
        True,
    ]
    assert all(f"agent={agent}" in href and "reason=lost" in href for href in files)
    assert "Show all" in texts(page)


def test_records_that_went_since_they_were_counted_leave_words() -> None:
    page = body(KeptAside(tallies=(tally(),), records=()), WHO["agent_id"], "gone", NOW)
    assert "None of these is here any more" in texts(page)


def test_the_agents_page_leads_here_only_where_there_is_something() -> None:
    assert notice(0) is None
    assert "1 result was kept aside" in texts(notice(1))
    assert "1,204 results were kept aside" in texts(notice(1204))


def test_a_long_reason_is_cut_where_it_is_a_heading_and_whole_inside() -> None:
    long = "x" * 900
    page = shown(tally(long), records=(record(long),))
    assert f"{long}." in texts(page)
    assert texts(page).count(long) == 1
