"""What rooms have, from the command line, against a real server process."""

from pathlib import Path

from tests.unit.collector.test_cli_commands import Command, run, server

__all__ = ["run", "server"]

SCHOOL = "Survey School"
AT = ("--school", SCHOOL)


def test_a_sheet_is_taken_filled_in_brought_and_judged(run: Command, tmp_path: Path) -> None:
    assert run("schools", "add", SCHOOL, "--timezone", "America/Chicago").code == 0
    assert "No room is like this" in run("rooms", "survey", "list", *AT).words
    assert run("rooms", "add", *AT, "Room 12").code == 0
    file = tmp_path / "sheet.csv"
    assert run("rooms", "survey", "sheet", *AT, "--output", str(file)).code == 0
    header, line = file.read_text().splitlines()
    file.write_text(f"{header}\n{line.rstrip(',')},2026-09-01,25,6,2,20,0,0,2,1\n")
    brought = run("import", "rooms", str(file))
    assert brought.code == 0, brought.words

    listed = run("rooms", "survey", *AT)
    assert f"{SCHOOL}: 1 of 1 rooms can't power a full class" in listed.words
    assert "short" in listed.out
    for format_ in ("csv", "xlsx", "parquet"):
        out = tmp_path / f"rooms.{format_}"
        export = ("rooms", "survey", "export", "--format", format_, "--output", str(out))
        assert run(*export).code == 0
        assert out.stat().st_size > 100
    workbook = tmp_path / "filled.xlsx"
    assert run("rooms", "survey", "sheet", "--filled", "--output", str(workbook)).code == 0
    assert workbook.read_bytes()[:2] == b"PK"


def test_what_is_said_by_hand_stays_beside_what_is_said_next(run: Command) -> None:
    run("schools", "add", SCHOOL, "--timezone", "America/Chicago")
    set_ = ("rooms", "survey", "set", "Hand Lab", *AT)
    assert run(*set_, "--outlets", "30", "--seats", "20").code == 0
    said = run(*set_, "--circuits", "2", "--amperes", "20", "--carts", "0")
    assert said.words.strip() == "Noted. Power for a full class: enough."
    rooms = run("rooms", "survey", "list", *AT, "--json").json["rooms"]
    (lab,) = (room for room in rooms if room["room"] == "Hand Lab")
    assert lab["by_hand"] == ["seats", "outlets", "circuits", "circuit_amperes", "carts"]
    assert run(*set_).code == 2
    assert run(*set_, "--none", "--seats", "2").code == 2
    assert run(*set_, "--none").code == 0
    rooms = run("rooms", "survey", "list", *AT, "--json").json["rooms"]
    assert "Hand Lab" not in [room["room"] for room in rooms]


def test_figures_are_shown_with_their_reasons_and_changed(run: Command) -> None:
    rules = ("rooms", "survey", "rules")
    assert "210.20(A)" in run(*rules).out
    changed = run(*rules, "charger_watts_high=60", "--because", "Ours draw 60 W.", "--json").json
    assert changed["charger_watts_high"] == 60
    assert changed["reasons"]["charger_watts_high"] == "Ours draw 60 W."
    assert run(*rules, "volts=many").code == 2
    assert run(*rules, "luck=3").code != 0
    assert run(*rules, "charger_watts_high=65", "--json").json["charger_watts_high"] == 65
