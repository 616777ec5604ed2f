"""Whatever stands in an agent's file, or comes from its collector, its settings stay in bounds."""

import json
import random
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal, get_args, get_origin

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from msgspec import Meta

from broadgauge_agent.config import Config, load_config, settings
from broadgauge_agent.errors import ConfigError
from broadgauge_agent.hours import is_within, moved_into
from broadgauge_agent.live_config import LiveConfig
from broadgauge_wire.settings import PROBE_SETTINGS, Setting, convert

KNOWN = {setting.key: setting for setting in settings()}
NOON = 1_772_460_000.0
KEYS = st.sampled_from(sorted(KNOWN))


def good_value(setting: Setting) -> st.SearchStrategy[Any]:
    """Any value within a setting's bounds."""
    inner, *metas = get_args(setting.type)
    if inner is bool:
        return st.booleans()
    if get_origin(inner) is Literal:
        return st.sampled_from(get_args(inner))
    if inner is float:
        low = next(meta.ge for meta in metas if isinstance(meta, Meta) and meta.ge is not None)
        high = next(meta.le for meta in metas if isinstance(meta, Meta) and meta.le is not None)
        return st.floats(low, high) | st.integers(int(low) + 1, int(high))
    pattern = next(
        (meta.pattern for meta in metas if isinstance(meta, Meta) and meta.pattern), None
    )
    return st.from_regex(pattern, fullmatch=True) if pattern else st.text(max_size=200)


ALMOST = st.sampled_from(("any\n", "16:30-06:00\n", "1\u0666:30-06:00", "24:00-06:00", "16:30"))
good = KEYS.flatmap(lambda key: st.tuples(st.just(key), good_value(KNOWN[key])))
any_value: st.SearchStrategy[Any] = st.recursive(
    st.booleans() | st.integers() | st.floats() | st.text(max_size=300),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=5,
)


def toml(value: Any) -> str:
    """A value as TOML writes it."""
    match value:
        case bool():
            return str(value).lower()
        case float():
            return repr(value)
        case str() | int():
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        case list():
            return f"[{', '.join(map(toml, value))}]"
        case _:
            pairs = (f"{toml(key)} = {toml(inner)}" for key, inner in value.items())
            return f"{{{', '.join(pairs)}}}"


def loaded(values: Mapping[str, Any]) -> Config:
    """What an agent makes of a file with these keys and values."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "agent.toml"
        lines = (f"{key} = {toml(value)}\n" for key, value in values.items())
        file.write_text("".join(lines), encoding="utf-8")
        return load_config(file, {}, {})


def value_of(config: Config, key: str) -> Any:
    found: Any = config
    for name in key.split("."):
        found = getattr(found, name)
    return found


@hypothesis_settings(deadline=None)
@given(st.lists(good, max_size=6))
def test_every_value_within_bounds_is_the_setting(given: list[tuple[str, Any]]) -> None:
    config = loaded(dict(given))
    for key, setting in KNOWN.items():
        assert value_of(config, key) == dict(given).get(key, setting.default)


@hypothesis_settings(deadline=None, max_examples=300)
@given(st.lists(good, max_size=4), KEYS, any_value)
def test_a_value_beyond_bounds_is_refused_by_its_key(
    others: list[tuple[str, Any]], key: str, value: Any
) -> None:
    file = {**dict(others), key: value}
    try:
        fine = convert(KNOWN[key], value)
    except ValueError:
        with pytest.raises(ConfigError) as refused:
            loaded(file)
        assert f'"{key}"' in str(refused.value)
    else:
        assert value_of(loaded(file), key) == fine


@hypothesis_settings(deadline=None)
@given(st.text("abcdefghijklmnopqrstuvwxyz_", min_size=1, max_size=20), any_value)
def test_an_unknown_key_is_refused_by_its_name(name: str, value: Any) -> None:
    for key in (name, f"probes.{name}", f"probes.latency.{name}"):
        if key not in {*KNOWN, "probes", "probes.latency", "probes.throughput", "probes.inventory"}:
            with pytest.raises(ConfigError) as refused:
                loaded({key: value})
            assert f'"{key}"' in str(refused.value)


@hypothesis_settings(deadline=None, max_examples=300)
@given(
    st.lists(good, max_size=3),
    st.dictionaries(KEYS | st.text(max_size=30), any_value | st.none() | ALMOST, max_size=6),
)
def test_nothing_a_collector_sends_moves_a_setting_out_of_bounds(
    here: list[tuple[str, Any]], sent: dict[str, Any]
) -> None:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "agent.toml"
        file.write_text("".join(f"{key} = {toml(value)}\n" for key, value in dict(here).items()))
        live = LiveConfig(file, {}, {})
        refused = {setting.key for setting in live.from_collector(sent)}
    for key, setting in KNOWN.items():
        value = value_of(live.current(), key)
        assert convert(setting, value) == value
        if key in dict(here):
            assert value == dict(here)[key]
        elif key in PROBE_SETTINGS and key in sent and key not in refused:
            assert value == sent[key]
        else:
            assert value == setting.default
    hours = live.current().probes.throughput.hours
    assert is_within(hours, moved_into(hours, NOON, random.Random(0)))
