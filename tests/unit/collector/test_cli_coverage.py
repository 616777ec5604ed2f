"""Coverage and its goal from the command line, against a real server process."""

from tests.unit.collector.test_cli_commands import Command, run, server

__all__ = ["run", "server"]


def test_coverage_lists_lines_shows_one_and_sets_the_goal(run: Command) -> None:
    assert run("schools", "add", "Coverage School", "--timezone", "America/Chicago").code == 0
    added = run("links", "add", "Coverage Line", "--segment", "wan", "--school", "Coverage School")
    assert added.code == 0
    listed = run("coverage")
    assert "Coverage Line" in listed.out
    assert "10 more tests in closed hours" in listed.out
    shown = run("coverage", "line", "coverage line")
    assert "No agent at Coverage School: add one" in shown.words
    goal = ("coverage", "goal", "--line", "Coverage Line")
    assert (
        run(*goal, "--closed-tests", "12", "--json").json["lines"][0]["goal"]["closed_tests"] == 12
    )
    refused = run(*goal, "--school-days", "29")
    assert refused.code != 0
    assert "school_days asks for 29" in refused.words
    assert run(*goal).code == 2
    assert run(*goal, "--take-back", "--json").json["lines"] == []
