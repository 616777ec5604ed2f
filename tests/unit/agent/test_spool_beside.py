"""A survey adds results to the spool of an agent that runs: none is lost, none is doubled."""

import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from broadgauge_agent import spool_beside
from broadgauge_agent.errors import SpoolError, SpoolInUseError
from broadgauge_agent.spool import Spool
from broadgauge_agent.spool_beside import put_beside
from broadgauge_wire import decode_result
from tests.running import PATIENCE_SECONDS
from tests.scripted_collector import make_result

ADD = """
import sys
from pathlib import Path
from uuid import UUID
from broadgauge_agent.spool_beside import put_beside
from tests.scripted_collector import make_result
for _ in range(int(sys.argv[3])):
    put_beside(Path(sys.argv[1]), UUID(sys.argv[2]), [make_result()])
"""


def committed(spool: Spool) -> list[str]:
    """Number and commit what is there, as a shipper does."""
    ids = []
    while batch := spool.next_batch("live"):
        ids += [str(decode_result(body).id) for body in batch.results]
        spool.commit(batch)
    return ids


def test_what_is_added_beside_a_running_agent_is_sent_by_it(tmp_path: Path) -> None:
    agent_id, result = uuid.uuid4(), make_result()
    spool = Spool(tmp_path, agent_id)
    spool.was_added_to()
    put_beside(tmp_path, agent_id, [result])
    assert spool.was_added_to()
    assert not spool.was_added_to()
    assert committed(spool) == [str(result.id)]
    spool.close()


def test_what_the_agent_keeps_itself_is_no_news_to_it(tmp_path: Path) -> None:
    spool = Spool(tmp_path, uuid.uuid4())
    spool.was_added_to()
    spool.put([make_result()])
    assert not spool.was_added_to()
    spool.close()


def test_results_are_kept_where_no_agent_ever_ran(tmp_path: Path) -> None:
    agent_id, result = uuid.uuid4(), make_result()
    put_beside(tmp_path / "state", agent_id, [result])
    spool = Spool(tmp_path / "state", agent_id)
    assert committed(spool) == [str(result.id)]
    spool.close()


def test_several_processes_add_while_the_agent_numbers_and_commits(tmp_path: Path) -> None:
    agent_id, each = uuid.uuid4(), 40
    spool = Spool(tmp_path, agent_id)
    argv = [sys.executable, "-c", ADD, str(tmp_path), str(agent_id), str(each)]
    writers = [subprocess.Popen(argv) for _ in range(2)]
    ids = []
    while any(writer.poll() is None for writer in writers):
        ids += committed(spool)
    assert [writer.wait(PATIENCE_SECONDS) for writer in writers] == [0, 0]
    ids += committed(spool)
    spool.close()
    assert len(ids) == len(set(ids)) == 2 * each


def test_another_agents_spool_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool_beside, "PAUSE_SECONDS", 0)
    spool = Spool(tmp_path, uuid.uuid4())
    with pytest.raises(SpoolError):
        put_beside(tmp_path, uuid.uuid4(), [make_result()])
    assert committed(spool) == []
    spool.close()


def test_a_spool_that_is_set_aside_at_that_moment_takes_nothing_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An agent that starts finds it damaged while a survey adds to it."""
    agent_id, result = uuid.uuid4(), make_result()
    former = Spool(tmp_path, agent_id)
    check = spool_beside._check
    begun: list[Spool] = []

    def set_aside_meanwhile(*given: object) -> None:
        check(*given)  # type: ignore[arg-type]  # as they came
        if not begun:
            for file in sorted(tmp_path.glob("spool.sqlite*")):
                file.rename(file.with_name(f"aside-{file.name}"))
            former.close()
            begun.append(Spool(tmp_path, agent_id))

    monkeypatch.setattr(spool_beside, "_check", set_aside_meanwhile)
    put_beside(tmp_path, agent_id, [result])
    assert committed(begun[0]) == [str(result.id)]
    begun[0].close()


def test_the_lock_is_still_one_agents_alone(tmp_path: Path) -> None:
    agent_id = uuid.uuid4()
    spool = Spool(tmp_path, agent_id)
    put_beside(tmp_path, agent_id, [make_result()])
    with pytest.raises(SpoolInUseError):
        Spool(tmp_path, agent_id)
    spool.close()
