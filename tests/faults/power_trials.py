"""Power cuts while results are kept: `python -m tests.faults.power_trials store --cuts 100`.

Prints one JSON object like the crash points' trials.
"""

import tempfile
import time
import traceback
from functools import partial
from itertools import count
from pathlib import Path
from uuid import UUID

import click
from msgspec.structs import replace

from broadgauge_agent.identity import load_identity, save_identity
from broadgauge_agent.spool import Spool
from broadgauge_collector.store import DuckDBResults
from broadgauge_wire import decode_result
from tests.collecting import an_agent
from tests.faults import spool_work
from tests.faults.crash_points import in_a_child
from tests.faults.crash_trials import Acknowledge, end
from tests.faults.power_cut import PowerCuts
from tests.faults.store_trials import CLOSED
from tests.faults.store_work import commit_all, sent_by, stored
from tests.scripted_collector import make_result


def _store(disk: Path, acknowledge: Acknowledge) -> None:
    """Agents without end; now and then their closed months are sealed."""
    results = DuckDBResults.open(disk / "results" / "hot.duckdb")
    for number in count(1):
        commit_all(results, sent_by([an_agent(), an_agent()]), acknowledge)
        if number % 3 == 0:
            results.seal(CLOSED)


def _check_store(disk: Path, acknowledged: list[str]) -> None:
    path = disk / "results" / "hot.duckdb"
    results = DuckDBResults.open(path)
    found = stored(results)
    assert set(found.values()) <= {1}
    assert not {UUID(one) for one in acknowledged} - found.keys()
    new = sent_by([an_agent()])
    results.commit(new)
    assert {result.id for one in new for result in one.accepted} <= stored(results).keys()
    results.close()


def _spool(disk: Path, acknowledge: Acknowledge) -> None:
    """Results without end; now and then a batch is sent off."""
    spool = Spool(disk / "state", spool_work.IDENTITY.agent_id)
    for number in count(1):
        result = make_result()
        spool.put([result])
        acknowledge(str(result.id))
        if number % 20 == 0:
            spool.next_batch("live")


def _check_spool(disk: Path, acknowledged: list[str]) -> None:
    spool = Spool(disk / "state", spool_work.IDENTITY.agent_id)
    found = []
    while batch := spool.next_batch("live") or spool.next_batch("backlog"):
        found += [decode_result(body).id for body in batch.bodies]
        spool.commit(batch)
    spool.close()
    assert len(found) == len(set(found))
    there = set(found)
    lost = [place for place, one in enumerate(acknowledged) if UUID(one) not in there]
    assert not lost, f"{len(lost)} of {len(acknowledged)} are missing: from {lost[0]} to {lost[-1]}"


def _identity(disk: Path, acknowledge: Acknowledge) -> None:
    """An agent that joins anew, or gets a name of its own, without end."""
    for number in count(1):
        identity = replace(spool_work.IDENTITY, agent_id=UUID(int=number))
        save_identity(disk, identity)
        acknowledge(str(identity.agent_id))
        time.sleep(0.02)


def _check_identity(disk: Path, acknowledged: list[str]) -> None:
    if acknowledged:
        assert load_identity(disk).agent_id >= UUID(acknowledged[-1])


KEPT_AT = Path(".bench", "power")
"""Disks on which something was missing."""

KEPT = {
    "store": (_store, _check_store),
    "spool": (_spool, _check_spool),
    "identity": (_identity, _check_identity),
}


@click.command()
@click.argument("what", type=click.Choice(list(KEPT)))
@click.option("--cuts", default=250, show_default=True)
@click.option("--seed", default=1, show_default=True)
def cli(what: str, cuts: int, seed: int) -> None:
    """Cut the power of who keeps results, again and again."""
    work, check = KEPT[what]
    failed, acknowledged = list[str](), 0
    with tempfile.TemporaryDirectory() as folder:
        disk = PowerCuts(Path(folder), seed)
        for cut in range(1, cuts + 1):
            said = disk.cut(work)
            acknowledged += len(said)
            try:
                with disk.after() as mount:
                    in_a_child(partial(check, mount, said))
            except RuntimeError:
                traceback.print_exc()
                failed.append(f"cut {cut} of seed {seed}")
                disk.keep(KEPT_AT / f"{what}-{seed}-{cut}.img")
    end(f"power cut, {what}", cuts, cuts, acknowledged, failed)


if __name__ == "__main__":
    cli()
