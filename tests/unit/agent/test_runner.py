"""The runner follows its settings while it runs, and keeps to the day's bytes."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from broadgauge_agent.config import Config
from broadgauge_agent.daily_runs import DailyRuns
from broadgauge_agent.hours import local
from broadgauge_agent.hours_on import FACT as HOURS_ON
from broadgauge_agent.live_config import LiveConfig
from broadgauge_agent.presence import Presence
from broadgauge_agent.probes import PROBES, load_probe
from broadgauge_agent.runner import Runner, rhythm_of
from broadgauge_agent.spool import Spool
from broadgauge_wire import Lane, Settings, decode_result, kind_of
from broadgauge_wire.settings import ProbesConfig, ThroughputConfig
from tests.other_servers import other_server
from tests.running import PATIENCE_SECONDS, eventually
from tests.scripted_collector import make_identity, make_reflector

OFF = {f"probes.{name}.enabled": False for name in ("inventory", "latency", "throughput")}


class Running:
    """A runner in its own thread, without any shipper."""

    def __init__(self, state: Path, spool: Spool, settings: Settings, url: str) -> None:
        self.spool = spool
        self.live = LiveConfig(state / "agent.toml", {}, {})
        self.live.from_collector(settings.configuration)
        self.stop = threading.Event()
        self.presence = Presence(make_identity(url), spool)
        self.runner = Runner(
            self.live,
            spool,
            self.presence,
            location=None,
            settings=lambda: settings,
            clock_offset_seconds=lambda: None,
            spooled=lambda: None,
            stop=self.stop,
        )

    def kinds(self) -> Counter[str]:
        lanes: tuple[Lane, ...] = ("live", "backlog")
        return Counter(
            kind_of(decode_result(body))
            for lane in lanes
            if (batch := self.spool.next_batch(lane))
            for body in batch.results
        )

    def facts(self, probe: str) -> Any:
        return self.spool.fact(f"last:{probe}")


@contextmanager
def running(
    state: Path, spool: Spool, settings: Settings, url: str = "http://127.0.0.1:1"
) -> Iterator[Running]:
    made = Running(state, spool, settings, url)
    thread = threading.Thread(target=made.runner.run)
    thread.start()
    try:
        yield made
    finally:
        made.stop.set()
        made.runner.wake()
        thread.join(PATIENCE_SECONDS)
        assert not thread.is_alive()


def test_a_probe_switched_on_by_the_collector_begins_and_switched_off_it_ends(
    tmp_path: Path, spool: Spool
) -> None:
    with running(tmp_path, spool, Settings(configuration=OFF)) as it:
        it.live.from_collector(OFF | {"probes.inventory.enabled": True})
        first = eventually(lambda: it.facts("inventory"), "an inventory")
        it.live.from_collector(OFF)
        eventually(lambda: it.runner._followed is it.live.current(), "the news to arrive")
        assert it.runner._probes == {}
        assert it.facts("inventory") == first
        assert it.facts("latency") is None


def test_an_inventory_tells_how_long_the_machine_ran_lately(tmp_path: Path, spool: Spool) -> None:
    today = local(time.time()).date()
    first, yesterday = today - timedelta(days=3), today - timedelta(days=1)
    seconds = {str(first): 3600.0, str(yesterday): 9000.0, str(today): 60.0}
    spool.note(HOURS_ON, {"since": str(first), "seconds": seconds})
    only = OFF | {"probes.inventory.enabled": True}
    with running(tmp_path, spool, Settings(configuration=only)) as it:
        (told,) = eventually(lambda: it.facts("inventory"), "an inventory")
    assert told["hours_on_a_day"] == [{"day": str(yesterday), "hours": 2.5}]


def test_a_shorter_interval_takes_effect_while_the_longer_one_runs(
    tmp_path: Path, spool: Spool
) -> None:
    only = OFF | {"probes.latency.enabled": True, "probes.latency.interval_seconds": 604800}
    with running(tmp_path, spool, Settings(configuration=only)) as it:
        first = eventually(lambda: it.facts("latency"), "a first skipped test")
        it.live.from_collector(only | {"probes.latency.interval_seconds": 1})
        eventually(lambda: it.facts("latency") != first, "another")


def test_away_from_school_networks_nothing_is_measured_or_noted(
    tmp_path: Path, spool: Spool
) -> None:
    away = "http://collector.invalid:8484"
    only = {"probes.latency.interval_seconds": 1}
    with running(tmp_path, spool, Settings(configuration=only), away) as it:
        eventually(lambda: spool.fact("school_network"), "a first look")
        time.sleep(1.5)
        assert not it.presence.was_awake
    assert spool.waiting() == 0
    for probe in ("inventory", "latency", "throughput"):
        assert spool.fact(f"started:{probe}") is None
        assert spool.fact(f"last:{probe}") is None


def test_a_test_that_would_exceed_the_day_is_skipped_with_the_reason(
    tmp_path: Path, spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("broadgauge_agent.budget.is_inside_this_machine", lambda _: False)
    only = OFF | {"probes.throughput.enabled": True, "probes.throughput.max_bytes_per_day": 0}
    settings = Settings(configuration=only, reflectors=(make_reflector(8485),))
    with running(tmp_path, spool, settings) as it:
        (skipped,) = eventually(lambda: it.facts("throughput"), "a skipped test")
    assert skipped["kind"] == "skipped"
    assert "download would exceed the 0 bytes a day" in skipped["reason"]
    assert "upload would exceed" in skipped["reason"]


def test_the_days_bytes_are_those_of_tests_to_other_peoples_servers_too(
    tmp_path: Path, spool: Spool
) -> None:
    here = {
        "probes.librespeed.server": "http://127.0.0.1:1/",
        "probes.throughput.skip_when_busy": False,
    }
    only = (
        OFF | here | {"probes.librespeed.enabled": True, "probes.throughput.max_bytes_per_day": 0}
    )
    with running(tmp_path, spool, Settings(configuration=only)) as it:
        (skipped,) = eventually(lambda: it.facts("librespeed"), "a skipped test")
    assert (skipped["kind"], skipped["probe"]) == ("skipped", "librespeed")
    assert "download would exceed the 0 bytes a day" in skipped["reason"]


def test_a_fifth_test_to_mlab_in_a_day_is_skipped_and_asks_nobody(
    tmp_path: Path, spool: Spool
) -> None:
    runs = DailyRuns(spool)
    for _ in range(4):
        runs.count(load_probe("mlab"))
    with other_server(lambda request: request.answer(204)) as locate:
        url = f"http://127.0.0.1:{locate.server_port}/"
        only = OFF | {"probes.mlab.enabled": True, "probes.mlab.locate_url": url}
        with running(tmp_path, spool, Settings(configuration=only)) as it:
            (skipped,) = eventually(lambda: it.facts("mlab"), "a skipped test")
        assert locate.asked == []
    assert "the 4 tests a day" in skipped["reason"]


def test_a_test_to_mlab_counts_when_it_begins(tmp_path: Path, spool: Spool) -> None:
    with other_server(lambda request: request.answer(204)) as locate:
        url = f"http://127.0.0.1:{locate.server_port}/"
        always = {"probes.throughput.skip_when_busy": False}
        only = OFF | always | {"probes.mlab.enabled": True, "probes.mlab.locate_url": url}
        with running(tmp_path, spool, Settings(configuration=only)) as it:
            (skipped,) = eventually(lambda: it.facts("mlab"), "a skipped test")
        assert len(locate.asked) == 1
    assert "no capacity" in skipped["reason"]
    assert spool.fact("runs_today")["runs"] == {"mlab": 1}  # type: ignore[index]  # a dict


def test_whatever_loads_the_network_keeps_to_the_same_hours() -> None:
    config = Config(probes=ProbesConfig(throughput=ThroughputConfig(hours="16:30-06:00")))
    hours = {name: rhythm_of(config, load_probe(name)).hours for name in PROBES}
    assert {name for name, span in hours.items() if span == "any"} == {"inventory", "latency"}


def test_outside_its_hours_no_test_is_due_and_none_is_skipped(tmp_path: Path, spool: Spool) -> None:
    hour = time.localtime().tm_hour
    hours = f"{(hour + 12) % 24:02}:00-{(hour + 13) % 24:02}:00"
    only = OFF | {"probes.throughput.enabled": True}
    closed = Settings(configuration=only | {"probes.throughput.hours": hours})
    with running(tmp_path, spool, closed) as it:
        time.sleep(4.5)
        assert spool.fact("started:throughput") is None
    with running(tmp_path, spool, Settings(configuration=only)) as it:
        eventually(lambda: it.facts("throughput"), "a skipped test")


def test_what_was_measured_while_the_network_changed_is_dropped(
    tmp_path: Path, spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = iter([True, True, False])
    monkeypatch.setattr(Presence, "is_awake", lambda *_: next(looks, False))
    only = OFF | {"probes.inventory.enabled": True}
    with running(tmp_path, spool, Settings(configuration=only)) as it:
        eventually(lambda: spool.fact("started:inventory"), "a run")
        eventually(lambda: next(looks, None) is None, "its end")
        assert it.facts("inventory") is None
        assert spool.waiting() == 0
