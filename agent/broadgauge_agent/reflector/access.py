"""Who may test here: whoever shows an access token of the collector's; others within a budget.

A token is a JWT (RFC 7519), signed with the key that this test server shares with the collector,
and with no other: whoever has one signed with it was let in to this test server.
"""

import ipaddress
import os
import time
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import msgspec

from broadgauge_agent.errors import ConfigError
from broadgauge_wire import SlotPass
from broadgauge_wire.spec import ACCESS_ALGORITHM, ACCESS_PARAMETER, ASKS_FOR_SLOTS, SLOT_CLAIM

from .answers_to_tests import Grant, Occupied, Refusal
from .limits import Limits
from .open_budget import OpenBudget, Wait
from .slot_book import SlotBook, Transfer

VARIABLE = "BROADGAUGE_REFLECTOR_KEY"

LEEWAY_SECONDS = 120.0
"""How far the collector's clock and this one may be apart without anybody noticing."""

NO_SLOT = "The slot in this access token makes no sense here. Update this test server's program."

MIN_KEY_BYTES = 32
"""A shorter one could be guessed from a token (RFC 7518, section 3.2)."""


class Access:
    """The one who decides. Without a key, everybody is welcome to what `limits` leave."""

    def __init__(
        self,
        key: str | None,
        limits: Limits,
        clock: Callable[[], float] = time.monotonic,
        on_transfer: Callable[[Transfer], None] = lambda _: None,
    ) -> None:
        if key is not None:
            import jwt  # noqa: F401  # now, not during the first test
        self._key = key
        self._budget = OpenBudget(limits, clock)
        self._slots = SlotBook(clock, on_transfer)

    @property
    def has_key(self) -> bool:
        """Whether tokens count for anything here."""
        return self._key is not None

    def knows(self, target: str) -> bool:
        """Whether a good token is shown; `target` is the request's path with query."""
        token = token_in(target) if self._key else None
        return bool(self._key and token and token_fault(token, self._key) is None)

    def admit(self, target: str, address: str) -> Grant | Refusal | Occupied:
        """Whether whoever is at `address` may test; `target` is the request's path with query."""
        if self._key is None:
            return Grant()
        token = token_in(target)
        if token is None:
            return self._admit_without(address)
        claims = claims_of(token, self._key)
        if isinstance(claims, str):
            return Refusal(status=HTTPStatus.FORBIDDEN, words=claims)
        if SLOT_CLAIM in claims:
            return self._admit_slot(claims[SLOT_CLAIM])
        if claims.get(ASKS_FOR_SLOTS) and not is_loopback(address):
            return self._admit_without(address)
        return Grant()

    def _admit_slot(self, claim: Any) -> Grant | Refusal | Occupied:
        try:
            return self._slots.enter(msgspec.convert(claim, SlotPass))
        except msgspec.ValidationError:
            return Refusal(status=HTTPStatus.FORBIDDEN, words=NO_SLOT)

    def _admit_without(self, address: str) -> Grant | Refusal:
        wait = self._budget.begin(address)
        return _later(wait) if wait else Grant(self._budget, address)


def is_loopback(address: str) -> bool:
    """Whether a test comes from this machine itself, and so loads no line."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def given_access_key(file: Path | None) -> str | None:
    """The key in a file, else in the environment; None if there is neither. ConfigError if what is
    there is no key, which is never said."""
    if file is None:
        return _checked(os.environ[VARIABLE], VARIABLE) if VARIABLE in os.environ else None
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise ConfigError(
            f"The access key in {file} can't be read ({error.strerror}). Give the user that runs "
            "the test server permission to read it."
        ) from error
    return _checked(text, str(file))


def token_in(target: str) -> str | None:
    """The access token in a request's query string, if there is one."""
    values = parse_qs(target.partition("?")[2], keep_blank_values=True).get(ACCESS_PARAMETER)
    return values[0] or None if values else None


def token_fault(token: str, key: str) -> str | None:
    """What is wrong with a token, in words for IT staff; None if it is good."""
    claims = claims_of(token, key)
    return claims if isinstance(claims, str) else None


def claims_of(token: str, key: str) -> dict[str, Any] | str:
    """What a good token says; what is wrong with any other, in words for IT staff.

    The algorithm is the one agreed, whatever the token's header says (RFC 8725, section 3.1).
    """
    import jwt  # only a test server with a key needs it

    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[ACCESS_ALGORITHM],
            leeway=LEEWAY_SECONDS,
            options={"require": ["exp", "sub"], "verify_aud": False},
        )
    except jwt.ExpiredSignatureError:
        return (
            "This access token has ended. Check that the agent reaches its collector, which gives "
            "it another within minutes, and the clocks of both machines."
        )
    except (jwt.PyJWTError, ValueError, RecursionError):  # whatever a stranger can think of
        return (
            "This access token isn't signed with this test server's key. Make a new key on the "
            "collector (broadgauge reflectors key NAME), and start the test server with it."
        )
    return claims


def _checked(text: str, place: str) -> str:
    key = text.strip()
    if len(key.encode()) < MIN_KEY_BYTES or any(c.isspace() for c in key):
        raise ConfigError(
            f"{place} holds no access key. Make one on the server, with "
            "'broadgauge reflectors key NAME', and put that one line there."
        )
    return key


def _later(wait: Wait) -> Refusal:
    minutes = -(-wait.seconds // 60)
    when = "a minute" if minutes == 1 else f"{minutes} minutes"
    return Refusal(
        status=HTTPStatus.TOO_MANY_REQUESTS,
        words=f"{wait.why} Try again in {when}.",
        retry_after_seconds=wait.seconds,
    )
