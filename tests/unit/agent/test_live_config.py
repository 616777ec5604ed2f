"""A collector's settings take effect within the agent's own bounds, and yield to those set here."""

import random
from pathlib import Path

import pytest

from broadgauge_agent.errors import ConfigError
from broadgauge_agent.live_config import MAX_REFUSED, LiveConfig
from broadgauge_wire.settings import PROBE_SETTINGS

INTERVAL = "probes.latency.interval_seconds"
SECONDS = "probes.throughput.max_seconds"
VARIABLE = "BROADGAUGE_AGENT_PROBES_LATENCY_INTERVAL_SECONDS"


def live(tmp_path: Path, text: str = "", **environment: str) -> LiveConfig:
    file = tmp_path / "agent.toml"
    file.write_text(text)
    return LiveConfig(file, environment, {"location": "Room 12"})


def test_what_the_collector_sends_takes_effect(tmp_path: Path) -> None:
    settings = live(tmp_path)
    assert settings.from_collector({INTERVAL: 60, SECONDS: 5}) == ()
    assert settings.current().probes.latency.interval_seconds == 60
    assert settings.current().probes.throughput.max_seconds == 5
    settings.from_collector({})
    assert settings.current().probes.latency.interval_seconds == 300


def test_what_was_set_here_wins_over_the_collector(tmp_path: Path) -> None:
    settings = live(tmp_path, "[probes.throughput]\nmax_seconds = 1\n", **{VARIABLE: "120"})
    settings.from_collector({INTERVAL: 60, SECONDS: 5, "probes.inventory.enabled": False})
    config = settings.current()
    assert config.probes.latency.interval_seconds == 120
    assert config.probes.throughput.max_seconds == 1
    assert not config.probes.inventory.enabled
    assert config.location == "Room 12"


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        (SECONDS, 3600, "a number from 0.5 to 10"),
        (SECONDS, "5", "a number from 0.5 to 10"),
        (SECONDS, None, "a number from 0.5 to 10"),
        (SECONDS, [[[5]]], "a number from 0.5 to 10"),
        ("probes.throughput.hours", "25:00-03:00", "a span such as"),
        ("probes.latency.enabled", 1, "true or false"),
        ("probes.wifi.enabled", True, "knows no such setting"),
        ("log_level", "debug", "knows no such setting"),
        ("location", "Room 1", "knows no such setting"),
    ],
)
def test_what_is_beyond_this_agents_bounds_is_left_out_and_the_rest_applies(
    tmp_path: Path, key: str, value: object, words: str
) -> None:
    settings = live(tmp_path)
    (refused,) = settings.from_collector({key: value, INTERVAL: 60})
    assert refused.key == key
    assert words in refused.reason
    assert settings.refused == (refused,)
    assert settings.current().probes.latency.interval_seconds == 60
    assert settings.current().probes.throughput.max_seconds == 10


def test_what_is_left_out_is_news_once(tmp_path: Path) -> None:
    settings = live(tmp_path)
    assert len(settings.from_collector({SECONDS: 3600})) == 1
    assert settings.from_collector({SECONDS: 3600}) == ()
    assert len(settings.from_collector({SECONDS: 7200})) == 1
    assert len(settings.from_collector({f"x{n}\n": n for n in range(1000)})) == MAX_REFUSED
    assert "\n" not in settings.refused[0].key


def test_a_file_that_breaks_keeps_the_last_good_settings(tmp_path: Path) -> None:
    settings = live(tmp_path, "[probes.latency]\ninterval_seconds = 30\n")
    settings.from_collector({SECONDS: 5})
    (tmp_path / "agent.toml").write_text("[probes.latency]\ninterval_seconds = -1\n")
    with pytest.raises(ConfigError):
        settings.reload()
    assert settings.current().probes.latency.interval_seconds == 30
    (tmp_path / "agent.toml").write_text("[probes.latency]\ninterval_seconds = 40\n")
    settings.reload()
    assert settings.current().probes.latency.interval_seconds == 40
    assert settings.current().probes.throughput.max_seconds == 5


def test_listeners_hear_of_changes_and_of_nothing_else(tmp_path: Path) -> None:
    settings = live(tmp_path)
    heard: list[float] = []
    settings.listeners.append(
        lambda: heard.append(settings.current().probes.latency.interval_seconds)
    )
    settings.from_collector({INTERVAL: 60})
    settings.from_collector({INTERVAL: 60.0, SECONDS: 3600})
    settings.reload()
    assert heard == [60]


def test_every_origin_is_named(tmp_path: Path) -> None:
    settings = live(tmp_path, "[probes.throughput]\nmax_seconds = 1\n", **{VARIABLE: "120"})
    settings.from_collector({"probes.inventory.enabled": False, INTERVAL: 60})
    found = {each.key: (each.value, each.origin) for each in settings.in_force()}
    assert found["location"] == ("Room 12", "flag")
    assert found[INTERVAL] == (120, f"environment {VARIABLE}")
    assert found[SECONDS] == (1, f"file {tmp_path / 'agent.toml'}")
    assert found["probes.inventory.enabled"] == (False, "collector")
    assert found["log_level"] == ("info", "default")


def test_any_values_at_all_leave_settings_within_bounds(tmp_path: Path) -> None:
    chance = random.Random(9)
    odd: list[object] = [
        None,
        True,
        -1,
        0,
        1e308,
        float("inf"),
        "",
        "any",
        "a" * 10_000,
        [],
        {},
        {"a": [1]},
    ]
    settings = live(tmp_path)
    for _ in range(300):
        settings.from_collector({key: chance.choice(odd) for key in PROBE_SETTINGS})
        assert 0.5 <= settings.current().probes.throughput.max_seconds <= 10
        assert 1 <= settings.current().probes.latency.interval_seconds <= 604800
