"""Parts that were changed, from the command line, against a real server process."""

from broadgauge_wire import new_id
from tests.unit.collector.test_cli_commands import Command, run, server

__all__ = ["run", "server"]


def test_signals_are_listed_and_what_isnt_one_is_named(run: Command) -> None:
    assert run("devices", "signals", "--json").json == []
    assert run("devices", "signals", "--state", "all").code == 0
    for what in ("confirm", "dismiss"):
        refused = run("devices", what, str(new_id()))
        assert refused.code != 0
        assert "no signal with the id" in refused.words
