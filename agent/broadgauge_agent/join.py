"""Joining a collector: a token for an identity."""

from pathlib import Path
from urllib.parse import urlsplit

from broadgauge_wire import JoinAnswer, JoinRequest, WireError, decode, encode
from broadgauge_wire.spec import API_PREFIX

from .client import Answer, collector_client, send
from .errors import (
    AlreadyJoinedError,
    ConfigError,
    NotJoinedError,
    NotPermittedError,
    UnreachableError,
)
from .identity import Identity, load_identity, save_identity, save_settings
from .state import make_state_directory
from .version import agent_version


def join(
    state: Path, url: str, request: JoinRequest, *, ca: str | None = None, force: bool = False
) -> Identity:
    """Join a collector and keep the identity. What can fail here fails before the token is used.

    Not tried twice: an answer that got lost may have used the token up. AlreadyJoinedError,
    StateError, UnreachableError or NotPermittedError, each with what to do.
    """
    url = collector_address(url)
    make_state_directory(state)
    if not force:
        _refuse_a_second_identity(state)
    joined = _accepted(_ask(url, request, ca), url)
    identity = Identity(
        agent_id=joined.agent_id,
        key=joined.key,
        collector_url=url,
        school_id=joined.school_id,
        school=joined.school,
        location=request.location,
        name=request.name,
        ca=ca,
    )
    save_identity(state, identity)
    save_settings(state, joined.settings)
    return identity


def join_request(
    token: str, *, location: str | None, name: str | None, school: str | None
) -> JoinRequest:
    """What is sent to join. Without a name the agent has none: the host's name stays here."""
    return JoinRequest(
        token=token, agent_version=agent_version(), location=location, name=name, school=school
    )


def collector_address(url: str) -> str:
    """The address without a trailing slash. ConfigError if it is not an http or https address."""
    parts = urlsplit(url)
    plain = not (parts.username or parts.password or parts.query or parts.fragment)
    if parts.scheme not in ("http", "https") or not parts.hostname or not plain:
        raise ConfigError(f"{url} is not a collector's address. Write it as https://HOST:PORT")
    return url.rstrip("/")


def is_readable_on_the_way(url: str) -> bool:
    """Whether what is said to this address can be read by others on the network."""
    parts = urlsplit(url)
    return parts.scheme == "http" and parts.hostname not in ("127.0.0.1", "localhost", "::1")


def _refuse_a_second_identity(state: Path) -> None:
    try:
        known = load_identity(state)
    except NotJoinedError:
        return
    raise AlreadyJoinedError(
        f"This agent has joined {known.collector_url} for school {known.school}. "
        "To join anew, add --force; unsent results of the old membership are set aside."
    )


def _ask(url: str, request: JoinRequest, ca: str | None) -> Answer:
    try:
        with collector_client(url, ca=ca) as client:
            return send(client, "POST", f"{API_PREFIX}/join", encode(request))
    except UnreachableError as error:
        raise UnreachableError(
            f"{error}. Check the address, that the collector runs, "
            "and that no firewall is in between."
        ) from error


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
