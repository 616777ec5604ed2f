"""Whether a test server was started with the access key that it has here."""

import ssl
from collections.abc import Iterator

from broadgauge_host.addresses import Address
from broadgauge_host.certificates import pinned_context
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

from ..schools.model import Reflector

START = "start it with --access-key-file FILE"


def check_access(
    name: str, reflector: Reflector, token: str | None, address: Address
) -> Iterator[Check]:
    """Ask with a token of the key's, if there is a key, and with one that nobody signed."""
    access = f"{name}, access"
    try:
        asked = _said(reflector, address, NOBODYS_TOKEN)
        given = _said(reflector, address, token) if token else None
    except OSError as error:
        yield unknown(access, f"it gave no answer ({error})")
        return
    yield from check_clock(f"{name}, clock", asked)
    if given:
        yield _with_key(access, reflector, asked, given)
    elif asked.status == REFUSED:
        yield trouble(
            access,
            "it asks for access tokens, and has no access key here, so agents get none",
            f"Make its key ({_command(reflector)}), and {START}. Or start it without one.",
        )


def _with_key(name: str, reflector: Reflector, asked: Said, given: Said) -> Check:
    if given.status == REFUSED:
        return trouble(
            name,
            f"refuses agents' access tokens: {given.what}",
            "Correct its clock, if that is wrong. Else it was started with another key: make a "
            f"new one ({_command(reflector)}), and {START}.",
        )
    if given.status != ADMITTED:
        return unknown(name, f"it answered HTTP {given.status} {given.words}".rstrip())
    if asked.status == ADMITTED:
        return trouble(
            name,
            "it was started without its access key, so anybody has as much of it as agents",
            f"With the key it was given, {START}. If the key is lost, make a new one: "
            f"{_command(reflector)}",
        )
    return well(name, "takes tokens that are signed with its access key, and no others")


def _said(reflector: Reflector, address: Address, token: str) -> Said:
    return ask_for_test(reflector.host, connector(address), _tls_of(reflector), token)


def _tls_of(reflector: Reflector) -> ssl.SSLContext | None:
    if reflector.fingerprint:
        return pinned_context(reflector.fingerprint)
    return ssl.create_default_context() if reflector.tls else None


def _command(reflector: Reflector) -> str:
    return f'broadgauge reflectors key "{reflector.name}"'
