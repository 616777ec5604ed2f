"""What stands between this machine and a test server: filters, proxies, portals and shapers.

Nothing here loads the network. What only a load shows, the last test has seen.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from broadgauge_agent.known_issuers import issuer_fact
from broadgauge_agent.middleboxes import Finding, look_at_way, recognise_tls, where, words_for
from broadgauge_host.addresses import Address
from broadgauge_host.diagnosis import Check, connector, trouble, unknown, well
from broadgauge_host.diagnosis.tls import certificate_shown
from broadgauge_wire import Reflector
from broadgauge_wire.fields import Middlebox

FILTERS = "filters"
LAST_TEST = "last test"

SEEN_UNDER_LOAD: tuple[Middlebox, ...] = ("upload_buffering", "per_flow_shaping")


def check_filters(
    reflector: Reflector, address: Address, facts: Mapping[str, Any], *, certificate_ok: bool
) -> Iterator[Check]:
    """Whether a test could begin, who opens TLS, and what the last test came upon."""
    name = f"test server {reflector.name}"
    way = look_at_way(reflector, address, is_trusted=certificate_ok)
    found = way.finding or (_inspection(reflector, address, facts) if certificate_ok else None)
    if found:
        yield _told(f"{name}, {FILTERS}", found)
    elif not certificate_ok:
        yield unknown(f"{name}, {FILTERS}", "not known: first see to its certificate")
    elif way.is_open:
        yield well(f"{name}, {FILTERS}", "a WebSocket gets through: a test can begin")
    else:
        yield unknown(f"{name}, {FILTERS}", "not known: whoever answers there began no test")
    yield from _last_test(f"{name}, {LAST_TEST}", reflector, facts)


def _inspection(reflector: Reflector, address: Address, facts: Mapping[str, Any]) -> Finding | None:
    """Behind a certificate that this system trusts, as it does a filter's."""
    if not reflector.tls or reflector.fingerprint:
        return None
    try:
        shown = certificate_shown(reflector.host, connector(address))
    except (OSError, ValueError):
        return None
    return recognise_tls(shown, reflector, facts.get(issuer_fact(reflector.id)))


def _last_test(name: str, reflector: Reflector, facts: Mapping[str, Any]) -> Iterator[Check]:
    last = facts.get("last:throughput") or ()
    seen = {
        middlebox
        for result in last
        if result.get("reflector_id") == str(reflector.id)
        for middlebox in result.get("middleboxes", ())
    }
    for middlebox in SEEN_UNDER_LOAD:
        if middlebox in seen:
            yield _told(name, Finding(middlebox, words_for(middlebox, where(reflector))))


def _told(name: str, found: Finding) -> Check:
    seen, _, advice = found.words.partition(". ")
    return trouble(name, seen, f"{advice}.")
