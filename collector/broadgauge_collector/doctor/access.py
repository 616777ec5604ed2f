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

from ..config import is_loopback
from ..schools.model import Reflector
from ..seed import THIS_COMPUTER

START = "start it with --access-key-file FILE"
START_UP = "start `broadgauge up` again, which gives it to its test server"


def check_access(
    name: str, reflector: Reflector, token: str | None, address: Address
) -> Iterator[Check]:
    """Ask with a token of the key's, if there is a key, and with one that nobody signed.

    Nothing is said of a test server that is this machine's alone, and asks for none.
    """
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
    else:
        yield from _without_key(access, reflector, asked)


def _without_key(name: str, reflector: Reflector, asked: Said) -> Iterator[Check]:
    if asked.status == REFUSED:
        yield trouble(
            name,
            "it asks for access tokens, and has no access key here, so agents get none",
            f"Make its key ({_command(reflector)}), and {_start(reflector)}. Or start it without "
            "one.",
        )
    elif asked.status == ADMITTED and not is_loopback(reflector.host):
        yield well(
            name,
            "it has no access key: anybody who reaches it may test as much as agents do",
            f"To leave others a small part, make its key ({_command(reflector)}), and "
            f"{_start(reflector)}.",
        )


def _with_key(name: str, reflector: Reflector, asked: Said, given: Said) -> Check:
    if given.status == REFUSED:
        return trouble(
            name,
            f"refuses agents' access tokens: {given.what}",
            "Correct its clock, if that is wrong. Else it was started with another key: make a "
            f"new one ({_command(reflector)}), and {_start(reflector)}.",
        )
    if given.status != ADMITTED:
        return unknown(name, f"it answered HTTP {given.status} {given.words}".rstrip())
    if asked.status == ADMITTED:
        return trouble(
            name,
            "it was started without its access key, so anybody has as much of it as agents",
            f"With the key it was given, {_start(reflector)}. If the key is lost, make a new one: "
            f"{_command(reflector)}",
        )
    return well(name, "takes tokens that are signed with its access key, and no others")


def _said(reflector: Reflector, address: Address, token: str) -> Said:
    return ask_for_test(reflector.host, connector(address), _tls_of(reflector), token)


def _tls_of(reflector: Reflector) -> ssl.SSLContext | None:
    if reflector.fingerprint:
        return pinned_context(reflector.fingerprint)
    return ssl.create_default_context() if reflector.tls else None


def _start(reflector: Reflector) -> str:
    return START_UP if reflector.name == THIS_COMPUTER else START


def _command(reflector: Reflector) -> str:
    return f'broadgauge reflectors key "{reflector.name}"'
