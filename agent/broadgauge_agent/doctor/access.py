"""Whether a test server takes the access token that the collector gave for it."""

import ssl
from collections.abc import Iterator

from broadgauge_agent.trust import tls_context
from broadgauge_host.addresses import Address
from broadgauge_host.diagnosis import (
    ADMITTED,
    NOBODYS_TOKEN,
    REFUSED,
    Check,
    Said,
    ask_for_test,
    check_clock,
    connector,
    trouble,
    unknown,
    well,
)
from broadgauge_wire import Reflector


def check_access(
    name: str, reflector: Reflector, token: str | None, address: Address
) -> Iterator[Check]:
    """Nothing is said of a test server that asks for no token where none was given."""
    access = f"{name}, access"
    try:
        said = ask_for_test(
            reflector.host, connector(address), _tls_of(reflector), token or NOBODYS_TOKEN
        )
    except OSError as error:
        yield unknown(access, f"it gave no answer ({error})")
        return
    yield from check_clock(f"{name}, clock", said)
    if token:
        yield _taken(access, said)
    elif said.status == REFUSED:
        yield trouble(
            access,
            "it asks for an access token, and the collector gave none for it",
            "On the server, make its access key (broadgauge reflectors key --help), and start it "
            "with that. Meanwhile it lets this agent test a little each hour.",
        )


def _taken(name: str, said: Said) -> Check:
    if said.status == ADMITTED:
        return well(name, "takes this agent's access token, or asks for none")
    if said.status == REFUSED:
        return trouble(name, f"refuses this agent's access token: {said.what}", said.advice)
    return unknown(name, f"it answered HTTP {said.status} {said.words}".rstrip())


def _tls_of(reflector: Reflector) -> ssl.SSLContext | None:
    if not (reflector.tls or reflector.fingerprint):
        return None
    return tls_context(fingerprint=reflector.fingerprint)
