"""The way to the collector, whom one meets there, and whether it accepts this agent."""

import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from broadgauge_agent.client import Answer, client_of, send
from broadgauge_agent.errors import AgentError
from broadgauge_agent.identity import Identity
from broadgauge_agent.join import is_readable_on_the_way
from broadgauge_agent.trust import tls_context
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
    well,
)
from broadgauge_wire import Settings, WireError, decode
from broadgauge_wire.spec import API_PREFIX

from .proxies import Proxy, proxy_for, tunnel

CLOCK_SECONDS = 30.0
"""More than this, and results are filed under the wrong hour's neighbours."""

NAME = "collector"
CERTIFICATE = "collector, certificate"
JOIN_AGAIN = "join again: broadgauge-agent join URL --token TOKEN --force"
AWAY = "Check that the collector runs, and that no firewall or proxy is in between."

Connect = Callable[[], socket.socket]


def check_collector(identity: Identity, names: Names) -> Iterator[Check]:
    """Step by step, as far as one leads to the next."""
    url = identity.collector_url
    checks, connect = _way(url, names)
    yield from checks
    if connect is None:
        return
    if url.startswith("https://"):
        certificate = check_tls(CERTIFICATE, endpoint(url)[0], connect, trust_of(identity))
        yield certificate
        if certificate.state != "ok":
            return
    yield from _ask(identity)


def trust_of(identity: Identity) -> Trust:
    """Whom this agent believes to be its collector."""
    return Trust(
        context=lambda: tls_context(ca=identity.ca),
        own_issuer=f"add it to this system, or {JOIN_AGAIN} --ca FILE",
        fingerprint=identity.fingerprint,
        own_certificate=f"{JOIN_AGAIN}, with a fresh token",
    )


def check_clock(answer: Answer) -> Iterator[Check]:
    """By the answer's `Date`, which has whole seconds: enough to see a clock that is wrong."""
    try:
        theirs = parsedate_to_datetime(answer.headers["date"])
    except (KeyError, ValueError):
        return
    ours = datetime.fromtimestamp((answer.sent_at + answer.received_at) / 2, UTC)
    ahead = (theirs.replace(tzinfo=UTC) - ours).total_seconds() + 0.5
    if abs(ahead) <= CLOCK_SECONDS:
        yield well("clock", "agrees with the collector's, to a second or so")
        return
    side = "behind" if ahead > 0 else "ahead of"
    yield trouble(
        "clock",
        f"this machine's clock is {abs(ahead):.0f} s {side} the collector's",
        "Turn on network time (NTP) on this machine, or on the collector if that one is wrong. "
        "Until then results count for the wrong hours, and certificates may seem out of date.",
        cause="clock",
    )


def _way(url: str, names: Names) -> tuple[tuple[Check, ...], Connect | None]:
    """What leads to the collector: its own address, or a proxy's."""
    host, port = endpoint(url)
    proxy = proxy_for(url)
    if proxy is None:
        checks, address = lead("collector", (host, port), names, "broadgauge doctor")
        return checks, connector(address) if address else None
    checks, address = lead("proxy", (proxy.host, proxy.port), names, "ask who runs it")
    if address is None:
        return checks, None
    connect = connector(address)
    through = well("proxy", _proxy_words(proxy))
    return (*checks, through), lambda: tunnel(connect(), host, port)


def _proxy_words(proxy: Proxy) -> str:
    return (
        f"requests to the collector go through {proxy.host} port {proxy.port}, which is named in "
        "this user's environment or this system's settings; tests to test servers don't"
    )


def _ask(identity: Identity) -> Iterator[Check]:
    try:
        with client_of(identity) as client:
            answer = send(client, "GET", f"{API_PREFIX}/settings")
    except AgentError as error:
        check = fault(NAME, error)
        yield check if check.advice else trouble(NAME, check.detail, AWAY)
        return
    yield _judged(identity, answer)
    yield from check_clock(answer)


def _judged(identity: Identity, answer: Answer) -> Check:
    if answer.status in (401, 403):
        said = answer.problem or "no reason given"
        return trouble(
            NAME,
            f"refuses this agent's key: {said}",
            "The agent was revoked, or the collector was set up anew. With a fresh token, "
            f"{JOIN_AGAIN}",
        )
    if answer.status >= 500:
        advice = "On its machine, run: broadgauge doctor. Results are kept here meanwhile."
        return trouble(NAME, answer.words, advice)
    if not _is_a_collector(answer):
        detail = "something answers, but not as a collector does"
        if answer.status != 200:
            detail += f": it {answer.words}"
        advice = "Check the address; a filter or a sign-in page may stand in between."
        return trouble(NAME, detail, advice)
    return well(NAME, f"{identity.collector_url} accepts this agent", _open_note(identity))


def _is_a_collector(answer: Answer) -> bool:
    try:
        decode(answer.body, Settings)
    except WireError:
        return False
    return answer.status == 200


def _open_note(identity: Identity) -> str | None:
    if not is_readable_on_the_way(identity.collector_url):
        return None
    return (
        "It speaks plain http: others on the way can read this agent's key and results. "
        "Have the server use TLS."
    )
