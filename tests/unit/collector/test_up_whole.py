"""`broadgauge up` as a whole: ready, signed in to, stopped, and gone."""

import signal
import sys
from pathlib import Path

import psutil
import pytest

from tests.running import Server, eventually, running


def _family(server: Server) -> list[psutil.Process]:
    process = psutil.Process(server.process.pid)
    return [process, *process.children(recursive=True)]


def _all_gone(family: list[psutil.Process]) -> bool:
    return not [p for p in family if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_it_stops_with_0_and_leaves_no_process(tmp_path: Path, how: signal.Signals) -> None:
    with running(tmp_path) as server:
        eventually(lambda: len(_family(server)) == 3, "collector, test server and agent")
        family = _family(server)
        code = server.stop(how)

    assert code == 0
    assert _all_gone(family)


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's promise is Linux's")
def test_killed_it_takes_its_children_along(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        eventually(lambda: len(_family(server)) == 3, "collector, test server and agent")
        family = _family(server)
        server.stop(signal.SIGKILL)

        eventually(lambda: _all_gone(family), "the children to die")


def test_the_next_start_goes_on_with_the_same_agent_on_other_ports(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        eventually(lambda: server.get("/api/v1/agents"), "the agent to join")
        first, token = server.get("/api/v1/agents"), server.token
        (school,) = server.get("/api/v1/schools")
    with running(tmp_path) as server:
        (reflector,) = server.get("/api/v1/reflectors")
        later = eventually(
            lambda: [a for a in server.get("/api/v1/agents") if a["last_seen_at"]], "the agent"
        )

        assert server.token == token
        assert server.get("/api/v1/schools") == [school]
        assert [a["id"] for a in later] == [a["id"] for a in first]
        assert reflector["port"] != int(server.url.rpartition(":")[2])


def test_it_says_how_to_sign_in_to_stop_and_to_add_a_machine(tmp_path: Path) -> None:
    with running(tmp_path, "--no-agent") as server:
        said = eventually(
            lambda: "\n".join(server.words) if len(server.words) > 8 else None, "the greeting"
        )
        assert len(_family(server)) == 2

    assert f"{server.url}/login?token=bgl_" in said
    assert "Ctrl-C" in said
    assert "login --data" in said
    assert "the Agents page" in said
    assert "Traceback" not in "\n".join(server.words)
