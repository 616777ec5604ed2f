"""The running server: its certificate, its address as seen from here, and its token."""

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from broadgauge_host.addresses import endpoint
from broadgauge_host.diagnosis import (
    Check,
    Names,
    Trust,
    check_tls,
    connector,
    fault,
    lead,
    trouble,
    unknown,
    well,
)
from broadgauge_host.diagnosis.tls import read_certificate
from broadgauge_host.own_certificate import (
    CERTIFICATE,
    KEY,
    CertificateFileError,
    certificate_in,
    server_context,
)

from ..certificates import FOLDER
from ..cli.client import ServerClient, find_server
from ..config import FINGERPRINT, is_loopback
from ..errors import CollectorError, ServerRefused
from .plan import Plan

ADDRESS = "server, address"
TOKEN = "administrator's token"  # noqa: S105


def check_certificate(plan: Plan) -> Iterator[Check]:
    """The files that the next start would use, if this server has any."""
    folder = plan.data / FOLDER
    certificate, key = plan.certificate or folder / CERTIFICATE, plan.key or folder / KEY
    if not (plan.certificate or folder.is_dir()):
        return
    name = "certificate"
    try:
        server_context(certificate, key)
        shown = read_certificate(certificate_in(certificate))
    except (CertificateFileError, ValueError) as error:
        advice = "Give a chain and its own key, PEM, without a password: broadgauge serve --help"
        yield trouble(name, str(error), advice)
        return
    if shown.not_after < datetime.now(UTC):
        yield trouble(name, f"{certificate} expired on {shown.not_after:%Y-%m-%d}", "Renew it.")
        return
    detail = f"by {shown.issuer}, valid until {shown.not_after:%Y-%m-%d}"
    yield well(name, detail, _names_note(plan, shown.names))


def check_address(plan: Plan, names: Names) -> Iterator[Check]:
    """Whether the address that people and agents are told leads here, as far as can be seen."""
    url = plan.url()
    if url is None:
        yield unknown(ADDRESS, "not known: this server has not run yet")
        return
    host, port = endpoint(url)
    checks, address = lead("server", (host, port), names, "broadgauge serve --help")
    yield from checks
    if address is None:
        return
    if url.startswith("https://"):
        yield check_tls("server, certificate", host, connector(address), _trust(plan))
    elif not is_loopback(host):
        yield well(
            ADDRESS,
            f"{url} is plain http",
            "Keys and sessions can be read on the way. Leave --insecure out, and the server makes "
            "its own certificate; agents then join again with new tokens.",
        )


def check_token(plan: Plan) -> tuple[Check, ServerClient | None]:
    """Whether the administrator's token opens the server; a client of it if so."""
    client: ServerClient | None = None
    try:
        client = ServerClient(find_server(None, None, plan.data))
        client.get("/targets", list[Any])
    except ServerRefused as error:
        advice = "Restart the server: it makes a new token if this one doesn't open it."
        check = trouble(TOKEN, f"the server says: {error}", advice)
    except CollectorError as error:
        check = fault(TOKEN, error)
    else:
        return well(TOKEN, "opens the server's API"), client
    if client:
        client.close()
    return check, None


def _trust(plan: Plan) -> Trust:
    return Trust(
        context=ssl.create_default_context,
        own_issuer="have this system and those of the agents trust it (or join them with --ca)",
        fingerprint=_own_fingerprint(plan.data),
        own_certificate="restart the server",
    )


def _own_fingerprint(data: Path) -> str | None:
    try:
        return (data / FINGERPRINT).read_text().strip() or None
    except OSError:
        return None


def _names_note(plan: Plan, names: tuple[str, ...]) -> str | None:
    """Agents go by the fingerprint of a server's own certificate; browsers go by its names too."""
    url = plan.url()
    host = endpoint(url)[0] if url else ""
    if plan.certificate or not host or host in names:
        return None
    return f"It isn't for {host}, so browsers warn of that too. It is for: {', '.join(names)}."
