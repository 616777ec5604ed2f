"""Joining a collector: a token for an identity."""

from pathlib import Path
from urllib.parse import SplitResult, urlsplit
from uuid import UUID

import httpx2
from msgspec import Struct

from broadgauge_wire import JoinAnswer, JoinRequest, WireError, decode, encode
from broadgauge_wire.spec import API_PREFIX
from broadgauge_wire.tokens import JoinToken, parse_join_token

from .client import Answer, collector_client, send
from .errors import (
    AlreadyJoinedError,
    CertificateError,
    ConfigError,
    NotJoinedError,
    NotPermittedError,
    StateError,
    UnreachableError,
)
from .identity import Identity, load_identity, save_identity, save_settings
from .machine import is_copied, machine_hash
from .state import make_state_directory
from .version import agent_version


class Place(Struct, frozen=True, kw_only=True):
    """What whoever joins says of the agent. Without a name it has none: the host's stays here."""

    location: str | None = None
    name: str | None = None
    school: str | None = None


def join(
    state: Path,
    url: str,
    token: JoinToken,
    place: Place,
    *,
    ca: str | None = None,
    force: bool = False,
) -> Identity:
    """Join a collector and keep the identity. What can fail here fails before the token is used.

    Not tried twice: an answer that got lost may have used the token up. AlreadyJoinedError,
    StateError, UnreachableError or NotPermittedError, each with what to do.
    """
    url = collector_address(url)
    _refuse_plain_http(url, token)
    make_state_directory(state)
    former = _former_identity(state, force=force)
    joined = _accepted(_ask(url, token, place, ca), url)
    identity = Identity(
        agent_id=joined.agent_id,
        key=joined.key,
        collector_url=url,
        school_id=joined.school_id,
        school=joined.school,
        location=place.location,
        name=place.name,
        ca=None if token.fingerprint else ca,
        fingerprint=token.fingerprint,
        machine=machine_hash(joined.key),
        forked_from=_copied_from(former, url, joined),
    )
    save_identity(state, identity)
    save_settings(state, joined.settings)
    return identity


def join_token(text: str) -> JoinToken:
    """A token as it was printed. ConfigError if it isn't whole."""
    try:
        return parse_join_token(text)
    except ValueError as error:
        raise ConfigError(str(error)) from error


def collector_address(url: str) -> str:
    """The address as it is used: its scheme in small letters, no slash at its end.

    ConfigError if it is not an http or https address.
    """
    try:
        parts = _whole_address(url)
    except (ValueError, httpx2.InvalidURL):
        parts = None
    if parts is None:
        raise ConfigError(f"{url} is not a collector's address. Write it as https://HOST:PORT")
    return parts.geturl().rstrip("/")


def is_readable_on_the_way(url: str) -> bool:
    """Whether what is said to this address can be read by others on the network."""
    parts = urlsplit(url)
    return parts.scheme == "http" and parts.hostname not in ("127.0.0.1", "localhost", "::1")


def _whole_address(url: str) -> SplitResult | None:
    """None if a part is missing or too much; ValueError or httpx2.InvalidURL if one is wrong."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    host.encode("idna")
    httpx2.URL(parts.geturl())  # blanks that urlsplit leaves out are no fault
    right = parts.scheme in ("http", "https") and host and parts.port != 0
    plain = not (parts.username or parts.password or parts.query or parts.fragment)
    return parts if right and plain else None


def _former_identity(state: Path, *, force: bool) -> Identity | None:
    """The one to give up. AlreadyJoinedError, or StateError if it is damaged, unless forced."""
    try:
        known = load_identity(state)
    except NotJoinedError:
        return None
    except StateError:
        if force:
            return None
        raise
    if not force:
        raise AlreadyJoinedError(
            f"This agent has joined {known.collector_url} for school {known.school}. "
            "To join anew, add --force; unsent results of the old membership are set aside."
        )
    return known


def _copied_from(former: Identity | None, url: str, joined: JoinAnswer) -> UUID | None:
    """Whose copy this machine has: what it measured meanwhile is sent under its new name, to the
    same collector for the same school."""
    if former is None or not is_copied(former):
        return None
    is_same = former.collector_url == url and former.school_id == joined.school_id
    return former.agent_id if is_same else None


def _refuse_plain_http(url: str, token: JoinToken) -> None:
    if token.fingerprint and url.startswith("http://"):
        right = "https" + url.removeprefix("http")
        raise ConfigError(
            f"This token is for a server that speaks TLS, and {url} would send it for all to read. "
            f"Nothing was sent. Use: {right}"
        )


def _ask(url: str, token: JoinToken, place: Place, ca: str | None) -> Answer:
    request = JoinRequest(
        token=token.secret,
        agent_version=agent_version(),
        location=place.location,
        name=place.name,
        school=place.school,
    )
    try:
        with collector_client(url, ca=ca, fingerprint=token.fingerprint) as client:
            return send(client, "POST", f"{API_PREFIX}/join", encode(request))
    except CertificateError as error:
        raise _not_the_server(url, token, error) from error
    except UnreachableError as error:
        raise UnreachableError(
            f"{error}. Check the address and its port, that the collector runs, "
            "and that no firewall is in between."
        ) from error


def _not_the_server(url: str, token: JoinToken, error: CertificateError) -> CertificateError:
    if token.fingerprint is None:
        hint = "If the token ended with a dot and 64 digits, copy it whole"
        return CertificateError(f"{error}. {hint}.", error.shown)
    return CertificateError(
        f"{url} shows another certificate than the server that made this token: {error.shown}. "
        "Nothing was sent, and the token is unused. If the server was set up anew, make a new "
        "token. Is this a filter that opens TLS? Ask whoever runs it to leave this address alone.",
        error.shown,
    )


def _accepted(answer: Answer, url: str) -> JoinAnswer:
    if answer.status in (400, 401, 403, 404, 409, 410, 422) and answer.problem:
        raise NotPermittedError(f"{url} did not accept the token: {answer.problem}")
    if answer.status // 100 != 2:
        raise UnreachableError(f"{url} could not be joined: {answer.words}")
    try:
        return decode(answer.body, JoinAnswer)
    except WireError as error:
        raise UnreachableError(
            f"{url} answered, but not as a broadgauge collector does. Check the address; "
            "a filter or sign-in page may stand in between."
        ) from error
