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
    beginnings = {"xlsx": b"PK", "parquet": b"PAR1", "CSV": b'"source"', "": b'"source"'}
    for ending, begins in beginnings.items():
        named = tmp_path / f"taken.{ending}"
        assert run("repairs", "export", "--output", str(named)).code == 0
        assert named.read_bytes().startswith(begins), ending
    told = run("repairs", "export", "--format", "parquet", "--output", str(tmp_path / "odd.xlsx"))
    assert told.code == 0
    assert (tmp_path / "odd.xlsx").read_bytes().startswith(b"PAR1")
    nowhere = run("repairs", "export", "--output", str(tmp_path / "no" / "such.csv"))
    assert (nowhere.code, "can't be written" in nowhere.words) == (3, True)
    refused = run("export", "verdicts", "--output", str(tmp_path / "verdicts.xlsx"))
    assert (refused.code, "csv or parquet" in refused.words) == (2, True)

    assert "PER 100" in run("repairs", "rates", "--by", "age").out
    (group,) = run("repairs", "rates", "--json").json["groups"]
    assert (group["name"], group["rate"]["repairs"]) == ("HP 11", 1)
    offer = run("repairs", "insurance", "--premium", "45", "--deductible", "20")
    assert "paying oneself" in offer.out, offer.words
    assert run("repairs", "insurance", "--premium", "45", "--json").json["costs_known"] == 1
    next_year = run("repairs", "insurance", "--years", "1")
    assert next_year.code == 0, next_year.words
    assert "paying oneself" in next_year.out
    assert "the plan" not in next_year.out.casefold()

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
    assert "each by itself" in run("repairs", "rule", "--each-by-itself").out
    assert "exclude" in run("repairs", "rule", "--each-by-itself", "--same-within", "1").words
    assert run("repairs", "rule", "--same-within", "0", "--json").json["same_within"]["days"] == 0

    declared = run("repairs", "feeds", "feed school", "--since", "2025-01-01", "--json").json
    (mine,) = (each for each in declared if each["school"] == "Feed School")
    assert (mine["has_feed"], mine["since"], mine["declared"]) == (True, "2025-01-01", True)
    assert run("repairs", "feeds", "Feed School", "--by-tickets").code == 0
    assert "by tickets" in run("repairs", "feeds").out
    for wrong in (("Feed School",), ("--none",), ("Feed School", "--none", "--by-tickets")):
        assert run("repairs", "feeds", *wrong).code == 2


def test_readiness_and_refresh_are_said_and_their_figures_changed(
    run: Command, tmp_path: Path
) -> None:
    run("schools", "add", "Ready School", "--timezone", "America/Chicago", "--students", "30")
    rows = (
        "Serial Number,Type,Model,School,Purchase Date,Price\nRDY1,Chromebook,HP 14,Ready School,"
    )
    (tmp_path / "ready.csv").write_text(f"{rows}2025-08-01,300\n")
    assert run("import", "devices", str(tmp_path / "ready.csv")).code == 0
    assert "Ready School" in run("readiness").out
    assert run("readiness", "technicians", "0.5").code == 0
    assert run("readiness", "list", "--json").json["support"]["technicians"] == 0.5
    printed = run("readiness", "outputs").out
    (tmp_path / "outputs.json").write_text(printed)
    assert run("readiness", "outputs", str(tmp_path / "outputs.json")).code == 0
    (tmp_path / "wrong.json").write_text("{}")
    assert "list of outputs" in run("readiness", "outputs", str(tmp_path / "wrong.json")).words

    assert run("refresh", "age", "chromebook", "6").code == 0
    assert run("refresh", "price", "HP 14", "320", "--low", "280", "--high", "380").code == 0
    found = run("refresh", "list", "--json").json
    (line,) = (each for each in found["lines"] if each["model"] == "HP 14")
    assert (line["unit_cost_cents"], line["replace_fiscal_year"]) == (32000, 2032)
    assert "2032" in run("refresh", "list", "--school", "Ready School").out
    assert run("refresh", "list", "--school", "Nowhere").code == 2
    assert run("refresh", "age", "toaster", "6").code == 2
    assert "between its least" in run("refresh", "price", "HP 14", "100", "--low", "200").words
