"""Repairs from the command line, against a real server process."""

from pathlib import Path

from tests.unit.collector.test_cli_commands import Command, run, server

__all__ = ["run", "server"]

DEVICES = "Serial Number,Asset Tag,Model,School,Purchase Date\nCLI1,T-901,HP 11,Repair School,"
TICKETS = "Ticket #,Serial,Opened,Category,Status\n77,CLI1,2025-02-03,request,Closed\n"


def test_repairs_are_typed_in_listed_and_taken_back(run: Command, tmp_path: Path) -> None:
    assert run("schools", "add", "Repair School", "--timezone", "America/Chicago").code == 0
    (tmp_path / "devices.csv").write_text(f"{DEVICES}2024-08-01\n")
    (tmp_path / "tickets.csv").write_text(TICKETS)
    for format_ in ("devices", "tickets"):
        brought = run("import", format_, str(tmp_path / f"{format_}.csv"))
        assert brought.code == 0, brought.words
    assert "1 of 1 tickets: Its category is no repair" in run("repairs").words

    add = ("repairs", "add", "t-901", "2025-03-04", "accident")
    added = run(*add, "--issue", "Keyboard", "--cost", "80.50", "--out-of-warranty")
    assert added.code == 0, added.words
    listed = run("repairs", "list", "--school", "repair school", "--json").json["repairs"]
    assert [(r["cost_cents"], r["under_warranty"]) for r in listed] == [(8050, False)]
    assert "80.50 USD" in run("repairs").out
    file = tmp_path / "repairs.csv"
    assert run("repairs", "export", "--output", str(file)).code == 0
    assert "Keyboard" in file.read_text()

    assert "closed before" in run(*add, "--closed", "2025-03-03").words
    for amount in ("-1", "nan", "a lot"):
        assert run(*add, "--cost", amount).code == 2
    assert run("repairs", "remove", added.out.strip()).code == 0
    assert run("repairs", "list", "--json").json["total"] == 0


def test_the_rule_and_the_feeds_are_shown_and_changed(run: Command) -> None:
    run("schools", "add", "Feed School", "--timezone", "America/Chicago")
    assert "Hardware Support" not in run("repairs", "rule").out
    changed = run("repairs", "rule", "--hardware-support", "--because", "So we do.", "--json").json
    assert changed["hardware_support"] == {"yes": True, "because": "So we do."}
    assert changed["repair_kinds"]["these"] == ["Repair"]
    assert "counted apart" in run("repairs", "rule", "--category", "theft").words
    run("repairs", "rule", "--no-hardware-support")

    declared = run("repairs", "feeds", "feed school", "--since", "2025-01-01", "--json").json
    (mine,) = (each for each in declared if each["school"] == "Feed School")
    assert (mine["has_feed"], mine["since"], mine["declared"]) == (True, "2025-01-01", True)
    assert run("repairs", "feeds", "Feed School", "--by-tickets").code == 0
    assert "by tickets" in run("repairs", "feeds").out
    for wrong in (("Feed School",), ("--none",), ("Feed School", "--none", "--by-tickets")):
        assert run("repairs", "feeds", *wrong).code == 2
