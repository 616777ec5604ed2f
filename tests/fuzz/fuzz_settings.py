"""What a collector tells an agent: whatever it says, the agent's settings stay in bounds, and what
is left out is named."""

from collections.abc import Iterator

import atheris

from tests.fuzz.fuzzing import compact, fuzz, samples, work_directory
from tests.fuzz.json_mutations import mutator

with atheris.instrument_imports(include=["broadgauge_wire", "broadgauge_agent"]):
    from broadgauge_agent.config import settings
    from broadgauge_agent.live_config import LiveConfig
    from broadgauge_agent.school_network import usable_subnets
    from broadgauge_wire import Settings, WireError, decode
    from broadgauge_wire.settings import PROBE_SETTINGS, convert

BY_KEY = {setting.key: setting for setting in settings()}
LIVE = LiveConfig(work_directory() / "agent.toml", {}, {})


def seeds() -> Iterator[bytes]:
    """The stored settings, and every setting at its default."""
    for body in samples("*/messages/Settings*.json"):
        yield b"\0" + body
    defaults = {key: setting.default for key, setting in PROBE_SETTINGS.items()}
    yield b"\0" + compact({"configuration": defaults})


def one(data: bytes) -> None:
    """Each setting sent is in force or named as refused; none is out of bounds."""
    try:
        sent = decode(data[1:], Settings)
    except WireError:
        return
    assert all(subnet.prefixlen for subnet in usable_subnets(sent.school_networks))
    LIVE.from_collector(sent.configuration)
    for setting in LIVE.in_force():
        assert convert(BY_KEY[setting.key], setting.value) == setting.value
    for refused in LIVE.refused:
        refused.key.encode()
        assert refused.reason.encode()


if __name__ == "__main__":
    fuzz(one, seeds(), mutator(list(seeds())))
