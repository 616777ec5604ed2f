"""speedtest-cli as this probe uses it: which server, at what cost, and its faults in words."""

import copy
import http.client
import math
import xml.parsers.expat
from typing import Any
from urllib.error import HTTPError, URLError

import speedtest

from broadgauge_agent.errors import ConfigError, OtherServerError
from broadgauge_agent.network import answers
from broadgauge_agent.probes.other_servers import place_of
from broadgauge_agent.text import printable
from broadgauge_host.addresses import look_up

from .meter import Meter
from .short_answers import ShortAnswers

SILENCE_SECONDS = 5.0
"""speedtest-cli's own ten would let a dead server take longer than the test."""

UNANSWERED_MILLISECONDS = 600_000
"""speedtest-cli takes a ping that failed for an hour; its figure is a sixth of three."""

MINI_CONFIG: dict[str, Any] = {
    "client": {},
    "ignore_servers": [],
    "sizes": {
        "upload": [524288, 1048576, 7340032],
        "download": [350, 500, 750, 1000, 1500, 2000, 2500, 3000, 3500, 4000],
    },
    "counts": {"upload": 17, "download": 4},
    "threads": {"upload": 8, "download": 8},
    "length": {"upload": 10, "download": 10},
    "upload_max": 51,
}
"""What www.speedtest.net tells speedtest-cli to do, for a server that is tested without it."""

PUBLIC = (
    "Let speedtest.net and its servers through the network's filter, or name a Speedtest Mini "
    "server: probes.ookla.server"
)
MINI = "Check the address in probes.ookla.server, its folder too"
FAULTS = {
    "ConfigRetrievalError": ("www.speedtest.net doesn't give its settings", PUBLIC),
    "SpeedtestConfigError": ("what answers as www.speedtest.net isn't it", PUBLIC),
    "ServersRetrievalError": ("www.speedtest.net doesn't give its list of servers", PUBLIC),
    "SpeedtestServersError": ("www.speedtest.net's list of servers can't be read", PUBLIC),
    "NoMatchedServers": ("www.speedtest.net lists no server for this machine", PUBLIC),
    "SpeedtestBestServerFailure": ("no public server nearby answers", PUBLIC),
    "SpeedtestMiniConnectFailure": ("nothing answers well at this address", MINI),
    "InvalidSpeedtestMiniServer": ("what answers there is no Speedtest Mini server", MINI),
}
ODD_ANSWERS = (
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    NameError,
    OSError,
    http.client.HTTPException,
    xml.parsers.expat.ExpatError,
)
"""What speedtest-cli breaks with where a login page answers instead of its servers."""


class Tester(speedtest.Speedtest):  # type: ignore[misc]  # speedtest-cli has no types
    """speedtest-cli for one server. With a Mini server's address it asks nobody else anything."""

    _opener: Any

    def __init__(self, server_url: str, max_seconds: float) -> None:
        self.server_url = server_url
        self.sends_less = False
        """Because of the budget."""
        super().__init__(timeout=SILENCE_SECONDS, secure=True)
        length = self.config["length"]
        length.update({way: min(seconds, max_seconds) for way, seconds in length.items()})

    def get_config(self) -> Any:
        """What to do: as www.speedtest.net says, or as it would for a Mini server."""
        self._opener = ShortAnswers(self._opener.open, MINI if self.server_url else PUBLIC)
        if not self.server_url:
            return super().get_config()
        self.config.update(copy.deepcopy(MINI_CONFIG))
        self.lat_lon = (0.0, 0.0)
        return self.config

    def choose(self) -> None:
        """Find the server: the one given, or the public one with the shortest ping."""
        if self.server_url:
            self.set_mini_server(place_of(self.server_url).url)
            servers = self.servers
        else:
            servers = [one for one in self.get_closest_servers() if _takes_connections(one["url"])]
            if not servers:
                raise speedtest.SpeedtestBestServerFailure
        self.get_best_server(servers)
        if self.results.ping >= UNANSWERED_MILLISECONDS:
            advice = MINI if self.server_url else PUBLIC
            raise OtherServerError(f"the server's latency.txt isn't as Ookla's is. {advice}")

    def metered(self, max_bytes: float) -> Meter:
        """From now on, count what is moved, and move no more than that."""
        meter = Meter(speedtest.build_opener(timeout=SILENCE_SECONDS).open, max_bytes)
        self._opener = self._shutdown_event = meter
        fitting = self._uploads_within(max_bytes)
        self.sends_less = fitting < self.config["upload_max"]
        self.config["upload_max"] = min(self.config["upload_max"], fitting)
        return meter

    def _uploads_within(self, max_bytes: float) -> int:
        """How many objects may be sent; they are sent smallest first."""
        count, left = 0, max_bytes
        for size in self.config["sizes"]["upload"]:
            fitting = min(self.config["counts"]["upload"], math.floor(left / size))
            count += fitting
            left -= fitting * size
            if fitting < self.config["counts"]["upload"]:
                break
        return count


def opened(server_url: str, max_seconds: float) -> Tester:
    """Ready to test. OtherServerError, in words, if no server is found."""
    try:
        tester = Tester(server_url, max_seconds)
        tester.choose()
    except speedtest.SpeedtestException as error:
        raise OtherServerError(_words(error)) from error
    except ODD_ANSWERS as error:
        advice = MINI if server_url else PUBLIC
        raise OtherServerError(
            f"what answers isn't an Ookla server ({_reason(error)}). {advice}"
        ) from error
    return tester


def _takes_connections(url: str) -> bool:
    try:
        place = place_of(url)
    except ConfigError:
        return False  # the list came from afar
    found = look_up(place.host, place.port).addresses
    return bool(found) and answers(found[0])


def _words(error: Exception) -> str:
    name = type(error).__name__
    what, advice = FAULTS.get(name, (f"speedtest-cli says {name}", PUBLIC))
    under = error.args[0] if error.args else None
    reason = f" ({_reason(under)})" if isinstance(under, Exception) else ""
    return f"{what}{reason}. {advice}"


def _reason(error: Exception) -> str:
    """Why, in the system's words or ours: speedtest-cli's and Python's quote what was sent, and a
    login page's address may name whoever sits at this machine."""
    if isinstance(error, HTTPError):
        return f"HTTP {error.code}"
    if isinstance(error, URLError) and isinstance(error.reason, OSError):
        return _reason(error.reason)
    if isinstance(error, TimeoutError):
        return "timed out"
    strerror = error.strerror if isinstance(error, OSError) else None
    return printable(strerror) if strerror else type(error).__name__
