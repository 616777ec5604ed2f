"""Calendars, lines and changes from the command line, against a real server process."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.unit.collector.test_cli_commands import Command, run, server
from tests.unit.collector.test_schools_calendar_file import event, file

__all__ = ["run", "server"]

SOON = date.today() + timedelta(days=40)  # noqa: DTZ011 - any day within bounds


@pytest.fixture
def district(tmp_path: Path) -> Path:
    """A district's calendar, as it would be downloaded."""
    found = tmp_path / "district.ics"
    found.write_text(
        file(
            event(f"DTSTART;VALUE=DATE:{SOON:%Y%m%d}", name="No School"),
            event(f"DTSTART:{SOON:%Y%m%d}T230000Z", "DURATION:PT2H", name="Board meeting"),
        )
    )
    return found


def test_a_calendar_is_filled_by_hand_and_from_a_file(run: Command, district: Path) -> None:
    assert run("schools", "add", "Calendar School", "--timezone", "America/Chicago").code == 0
    words = ("calendar", "add", "Early release", "--on", "2026-10-09", "--kind", "half-day")
    refused = run(*words)
    assert (refused.code, "when school closes on it" in refused.words) == (2, True)
    added = run(*words, "--closes", "12:30", "--school", "calendar school")
    assert "closes 12:30" in added.out

    dry = run("calendar", "import", str(district), "--dry-run")
    assert "Nothing was changed" in dry.words
    assert "Board meeting" in dry.words
    taken = run("calendar", "import", str(district), "--json").json
    again = run("calendar", "import", str(district))
    assert [day["name"] for day in taken["added"]] == ["No School"]
    assert "0 entries added, 1 there already, 1 left out" in again.words

    listed = run("calendar", "list", "--from", "2026-10-01", "--json").json
    assert {day["name"] for day in listed} >= {"Early release", "No School"}
    for day in listed:
        assert run("calendar", "remove", day["id"]).code == 0
    assert run("calendar", "--json").json == []


def test_a_file_that_cant_be_read_says_so(run: Command, tmp_path: Path) -> None:
    assert "can't be read" in run("calendar", "import", str(tmp_path / "no.ics")).words
    (tmp_path / "bad.ics").write_bytes(b"\xff\xfe")
    assert "no text in UTF-8" in run("calendar", "import", str(tmp_path / "bad.ics")).words
    (tmp_path / "bad.ics").write_text("<html>")
    assert "no iCalendar file" in run("calendar", "import", str(tmp_path / "bad.ics")).words


def test_hours_of_a_weekday_and_a_school_that_hardly_closes(run: Command) -> None:
    run("schools", "add", "Long School", "--timezone", "America/Chicago")
    words = ("schools", "hours", "Long School", "--opens", "07:00", "--closes", "19:00")
    said = run(*words, "--days", "mon,tue,wed,thu,fri,sat", "--on", "wed=07:00-12:00")
    assert "07:00-19:00 mon,tue,thu,fri,sat; wed 07:00-12:00" in said.out
    assert "write them as wed=07:45-14:00" in run(*words, "--on", "wed").words
    assert "Closed hours are enough" in run("calendar", "hours", "Long School").out
    run(*words, "--days", "mon,tue,wed,thu,fri,sat")
    chosen = run("calendar", "hours", "Long School", "--least-used", "measured")
    assert "closed hours hardly exist" in chosen.out
    assert "From 01:00 to 05:00" in chosen.out


def test_lines_say_what_they_hang_on_and_cost(run: Command) -> None:
    run("schools", "add", "Line School", "--timezone", "America/Chicago")
    for name, segment in (("Outside", "internet"), ("Circuit", "wan")):
        run("links", "add", name, "--segment", segment, "--school", "Line School")
    said = run("links", "set", "circuit", "--upstream", "Outside", "--price-per-month", "450",
               "--contract-ends", "2027-06-30", "--contracted-mbps", "500")  # fmt: skip
    for words in ("Outside", "450.00", "2027-06-30", "500.0 Mbps"):
        assert words in said.out
    cycle = run("links", "set", "Outside", "--upstream", "Outside")
    assert (cycle.code, "can't hang on themselves" in cycle.words) == (2, True)
    assert run("links", "set", "Circuit").code == 2
    alone = run("links", "set", "Circuit", "--on-nothing", "--json").json
    assert (alone[0]["upstream_id"], alone[0]["price_per_month"]) == (None, 450.0)


def test_a_change_is_marked_by_command(run: Command) -> None:
    run("schools", "add", "Change School", "--timezone", "America/Chicago")
    run("links", "add", "Change line", "--segment", "internet", "--school", "Change School")
    words = ("changes", "add", "Fiber", "--on", "2026-03-03", "--kind", "new-line")
    assert "name one of both" in run(*words).words
    marked = run(*words, "--line", "change line")
    assert "new-line" in marked.out
    listed = run("changes", "list", "--school", "Change School", "--json").json
    assert [change["text"] for change in listed] == ["Fiber"]
    effect = run("changes", "effect", listed[0]["id"])
    assert "Change line: In closed hours: too few days to tell" in effect.out
    assert "Change line" in run("week").out
    assert run("changes", "remove", listed[0]["id"]).code == 0
    assert run("changes", "--json").json == []
    assert run("week").out == "Nothing has changed since last week.\n"
