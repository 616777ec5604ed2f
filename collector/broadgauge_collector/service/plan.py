"""The server as a service: what it runs, where its settings come from, what it may."""

from pathlib import Path

from msgspec import Struct

from broadgauge_host.service.model import STATE, Plan
from broadgauge_host.service.units import credential

NAME = "broadgauge"
SETTINGS = Path("/etc/broadgauge/server.env")
FIRST_FREE_PORT = 1024
OPEN_FILES = 65536
"""A connection each; thousands of agents come at eight in the morning."""

CERTIFICATE, KEY = "tls-certificate", "tls-key"


class Listening(Struct, frozen=True, kw_only=True):
    """How the service is to be reached."""

    host: str
    port: int
    public_url: str | None = None
    certificate: Path | None = None
    key: Path | None = None
    insecure: bool = False


def server_plan(program: str, listening: Listening) -> Plan:
    """The plan of a server. Variables in SETTINGS stand above those in the plan."""
    return Plan(
        name=NAME,
        title="broadgauge server: keeps results, judges them and shows them",
        command=(program, "serve", "--data", STATE, *_options(listening)),
        reloads=True,
        environment=tuple(_environment(listening).items()),
        environment_file=SETTINGS,
        credentials=_credentials(listening),
        low_port=listening.port < FIRST_FREE_PORT,
        open_files=OPEN_FILES,
    )


def _options(listening: Listening) -> tuple[str, ...]:
    insecure = ("--insecure",) if listening.insecure else ()
    if not _credentials(listening):
        return insecure
    return (
        *insecure,
        *("--tls-certificate", credential(CERTIFICATE), "--tls-key", credential(KEY)),
    )


def _environment(listening: Listening) -> dict[str, str]:
    given = {"BROADGAUGE_HOST": listening.host, "BROADGAUGE_PORT": str(listening.port)}
    if listening.public_url:
        given["BROADGAUGE_PUBLIC_URL"] = listening.public_url
    return given


def _credentials(listening: Listening) -> tuple[tuple[str, Path], ...]:
    if listening.certificate is None or listening.key is None:
        return ()
    return (CERTIFICATE, listening.certificate.absolute()), (KEY, listening.key.absolute())
