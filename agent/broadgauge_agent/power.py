"""Whether this machine's battery or its connection is better spared than tested with.

Asked right before a test that loads the network, since neither is worth watching in between.
"""

import sys
from collections.abc import Collection

import psutil

from broadgauge_wire.settings import ThroughputConfig

from .network import addresses_on_networks
from .probes import ProbeRequest
from .probes.far_end import far_end_of

if sys.platform == "linux":
    from ._metered_linux import is_metered
elif sys.platform == "win32":
    from ._metered_windows import is_metered
elif sys.platform == "darwin":
    from ._metered_darwin import is_metered
else:
    from ._metered_other import is_metered


def why_spared(request: ProbeRequest, limits: ThroughputConfig) -> str | None:
    """Why no test should load the network now, in words; None if one may. A test inside this
    machine costs no connection anything."""
    return _low_battery(limits.min_battery_percent) or (
        _metered(request) if limits.skip_when_metered else None
    )


def _low_battery(min_percent: float) -> str | None:
    # It names no sensors on systems, or machines, that have none.
    battery = psutil.sensors_battery() if hasattr(psutil, "sensors_battery") else None
    if battery is None or battery.power_plugged is not False or battery.percent >= min_percent:
        return None
    return (
        f"this machine runs on battery, at {battery.percent:.0f}%: below {min_percent:.0f}% it "
        "skips tests that load the network"
    )


def _metered(request: ProbeRequest) -> str | None:
    if any(map(is_metered, _interfaces(request))):
        return "the system holds this connection for one that is paid by use (metered)"
    return None


def _interfaces(request: ProbeRequest) -> Collection[str]:
    if request.reflector is None:
        return {name for name, _ in addresses_on_networks()}
    far_end = far_end_of(request)
    if far_end is None or far_end.path_kind == "loopback" or far_end.interface is None:
        return ()
    return (far_end.interface,)
