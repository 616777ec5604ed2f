from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from broadgauge_collector.access.copies import MAX_COPIES
from broadgauge_collector.reports import AgentRow
from broadgauge_collector.schools.model import SchoolNetwork
from broadgauge_dashboard.views.agents import body, instructions, list_panel, only_here
from broadgauge_dashboard.views.networks import networks_panel
from broadgauge_wire import DroppedResults, new_id
from tests.unit.dashboard.seeing import NOW, agent_row, parts, texts

WEEK = timedelta(days=7)


def commands(shown: object) -> list[str]:
    return [texts(command.children[0]) for command in parts(shown, "command")]


def words(shown: object) -> str:
    return " ".join(texts(shown).split())


def test_an_agent_shows_where_it_runs_on_what_and_when_it_was_heard() -> None:
    words = texts(body((agent_row(),), NOW))
    for expected in (
        "Library desk", "Library", "Lincoln Elementary", "Lenovo 300e", "8 GB memory", "0.1.0",
        "nothing", "Running", "2 minutes ago",
    ):  # fmt: skip
        assert expected in words


@pytest.mark.parametrize(
    ("state", "word"),
    [
        ("stale", "Silent"),
        ("asleep", "Asleep"),
        ("never", "Not heard yet"),
        ("revoked", "Shut out"),
    ],
)
def test_the_state_of_an_agent_is_a_word_with_an_icon(state: str, word: str) -> None:
    (badge,) = parts(body((agent_row(state=state),), NOW), "badge")
    assert texts(badge) == word
    assert parts(badge, "icon")


def test_an_agent_that_sleeps_is_no_alarm_and_says_what_it_means() -> None:
    shown = body((agent_row(state="asleep"),), NOW)
    assert not parts(shown, "tone-stale")
    assert not parts(shown, "tone-below")
    assert "away from school networks; nothing is measured or recorded" in texts(shown)


def many(schools: int, each: int) -> tuple[AgentRow, ...]:
    return tuple(
        agent_row(f"Desk {n}", school=f"School {s}", state="stale" if s == n == 1 else "ok")
        for s in range(schools)
        for n in range(each)
    )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"copy_of": "Cart 1"}, "copy of Cart 1"),
        ({"copies": 1}, "1 copy"),
        ({"copies": 31, "state": "revoked"}, "31 copies can still send. To shut them out too:"),
        ({"copies": MAX_COPIES}, "500 copies: no more are let in. Join further machines anew"),
    ],
)
def test_machines_made_from_one_image_are_shown(changes: dict[str, Any], said: str) -> None:
    assert said in words(body((agent_row(**changes),), NOW))


def test_a_few_agents_are_one_table_and_many_are_folded_a_school_each() -> None:
    assert len(parts(body(many(4, 2), NOW), "agents")) == 1
    folded = parts(body(many(4, 4), NOW), "group")
    assert [words(group.children[0]) for group in folded] == [
        "School 0 4 running",
        "School 1 3 running , 1 silent",
        "School 2 4 running",
        "School 3 4 running",
    ]


def test_many_agents_of_one_school_are_one_table() -> None:
    assert not parts(body(many(1, 40), NOW), "group")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("silent", ["Desk 1"]),
        ("SILENT desk", ["Desk 1"]),
        ("silent library", ["Desk 1"]),
        (" school  0 ", ["Desk 0", "Desk 1", "Desk 2", "Desk 3", "Desk 0", "Desk 0", "Desk 0"]),
    ],
)
def test_agents_are_found_by_all_words_of_a_search(text: str, found: list[str]) -> None:
    (table,) = parts(body(many(4, 4), NOW, text), "agents")
    rows = table.children[-1].children
    assert [row.children[0].children[0] for row in rows] == found


def test_a_search_that_finds_no_agent_says_so() -> None:
    assert "No agent matches" in texts(body(many(1, 1), NOW, "zzz"))


def test_the_list_says_how_many_are_in_which_state() -> None:
    shown = list_panel(many(4, 4), NOW)
    assert "16 agents 15 running , 1 silent" in words(shown)
    assert {words(loud) for loud in parts(shown, "tone-text-stale")} == {"1 silent"}


def network(subnet: str, note: str = "", caution: str | None = None) -> SchoolNetwork:
    return SchoolNetwork(id=new_id(), subnet=subnet, note=note, caution=caution)


def test_listed_subnets_are_shown_with_their_notes_and_cautions() -> None:
    shown = networks_panel(
        (network("10.20.0.0/16", "All schools"), network("192.168.0.0/16", caution="homes too")),
        needed=True,
    )
    assert "10.20.0.0/16 All schools" in texts(shown)
    assert [texts(caution) for caution in parts(shown, "caution")] == ["homes too"]
    assert not parts(shown, "command")


@pytest.mark.parametrize("needed", [True, False])
def test_without_a_subnet_the_page_has_the_command_and_says_if_agents_sleep(needed: bool) -> None:
    shown = networks_panel((), needed=needed)
    (line,) = commands(shown)
    assert line.startswith("broadgauge networks add 10.20.0.0/16")
    assert bool(parts(shown, "state-warning")) == needed
    assert ("sleep until one is listed" in texts(shown)) == needed


def test_results_that_wait_in_a_spool_are_counted() -> None:
    waiting = agent_row()
    waiting = replace(waiting, agent=replace(waiting.agent, spooled_results=1250))
    assert "1,250 results" in texts(body((waiting,), NOW))


def test_what_an_agents_disk_damaged_is_said() -> None:
    row = agent_row()
    row = replace(row, agent=replace(row.agent, spooled_results=0, damaged_results=3))
    assert "3 results damaged by its disk before they were sent" in texts(body((row,), NOW))
    assert "damaged" not in texts(body((agent_row(),), NOW))


def test_what_a_full_spool_dropped_is_said_with_its_days() -> None:
    gone = DroppedResults(
        kind="latency",
        results=1204,
        oldest_at=datetime(2026, 11, 2, 8, tzinfo=UTC),
        newest_at=datetime(2026, 11, 17, 9, tzinfo=UTC),
    )
    row = agent_row()
    row = replace(row, agent=replace(row.agent, dropped_results=(gone,)))
    shown = texts(body((row,), NOW))
    assert (
        "1,204 latency results dropped when its spool was full: Mon, Nov 2 to Tue, Nov 17" in shown
    )


def test_a_machine_without_inventory_says_so() -> None:
    assert "no inventory yet" in texts(body((agent_row(machine=None, inventory=None),), NOW))


def test_a_machine_that_does_not_tell_its_make_says_so() -> None:
    assert "make and model unknown" in texts(body((agent_row(machine=None),), NOW))


def test_without_agents_the_page_says_what_one_is() -> None:
    assert "never looks at what anyone does" in texts(body((), NOW))


def test_the_commands_have_the_address_and_the_token() -> None:
    shown = instructions("bgj_x", "Lincoln", "https://net.example.org", 3, WEEK)
    assert any("join https://net.example.org --token bgj_x" in c for c in commands(shown))
    assert any(c.endswith("broadgauge-agent run") for c in commands(shown))
    assert "3 machines at Lincoln, within 7 days" in texts(shown)
    assert not parts(shown, "state-warning")


def test_a_server_that_others_can_not_reach_says_so_first() -> None:
    shown = instructions("bgj_x", "Lincoln", "http://127.0.0.1:8484", 1, WEEK)
    assert "Other machines can't reach this server yet" in texts(shown)
    assert "--host" in commands(shown)[0]


@pytest.mark.parametrize(
    ("address", "alone"),
    [
        ("http://127.0.0.1:8484", True),
        ("http://localhost:8484", True),
        ("http://[::1]:8484", True),
        ("http://192.0.2.10:8484", False),
        ("https://net.example.org", False),
    ],
)
def test_an_address_of_this_machine_alone_is_told(address: str, alone: bool) -> None:
    assert only_here(address) is alone


def test_a_clock_that_is_wrong_is_said_with_how_far() -> None:
    row = agent_row()
    row = replace(row, agent=replace(row.agent, clock_offset_seconds=-3 * 86400.0))
    assert "its clock is wrong by 3 days: times are corrected" in texts(body((row,), NOW))
    assert "clock" not in texts(body((agent_row(),), NOW))
