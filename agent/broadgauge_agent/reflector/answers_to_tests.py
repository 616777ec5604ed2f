"""What becomes of the wish to test: a grant that counts, or a refusal in words."""

from http import HTTPStatus

from msgspec import Struct

from .open_budget import OpenBudget


class Refusal(Struct, frozen=True, kw_only=True):
    """An HTTP answer to a test that may not be."""

    status: HTTPStatus
    words: str
    retry_after_seconds: int | None = None


class Grant:
    """A transfer that may be, and has begun. `end` it."""

    def __init__(self, budget: OpenBudget | None = None, address: str = "") -> None:
        self._budget = budget
        self._address = address
        self._has_ended = False

    def take(self, num_bytes: int) -> bool:
        """Count bytes that were moved, however late; False once the test has to end, its budget
        used up."""
        return self._budget is None or self._budget.take(self._address, num_bytes)

    @property
    def is_over(self) -> bool:
        """Whether the test has to end though nothing moves."""
        return False

    def end(self) -> None:
        """The transfer is over. Saying so again changes nothing."""
        if self._budget and not self._has_ended:
            self._budget.end(self._address)
        self._has_ended = True


class Occupied(Struct, frozen=True):
    """It may be as soon as another test has closed its connections, which it was told to."""
