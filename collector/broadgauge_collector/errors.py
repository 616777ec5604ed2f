"""One way to fail: each error carries its HTTP status, and its text says what to do about it."""

# ruff: noqa: N818 - named in the words of HTTP, which says what each one is

from typing import ClassVar
from uuid import UUID

from broadgauge_host.exit_codes import ExitCode


class CollectorError(Exception):
    """What the collector refuses or can't do; `detail` is for the person or program that asked."""

    status: ClassVar[int] = 500
    title: ClassVar[str] = "The collector failed"
    exit_code: ExitCode = ExitCode.TROUBLE
    retry_after_seconds: int | None = None

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class Unreadable(CollectorError):
    """The body can't be decompressed or isn't the message it should be. Retrying doesn't help."""

    status = 400
    title = "The body can't be read"


class Unauthenticated(CollectorError):
    """No key, token or session, or one that isn't known. Retrying doesn't help."""

    status = 401
    title = "Not signed in"


class AgentRefused(Unauthenticated):
    """The key of an agent that was removed, or of one that isn't known. Joining again helps."""

    def __init__(self, detail: str, agent_id: UUID | None = None) -> None:
        super().__init__(detail)
        self.agent_id = agent_id


class NotPermitted(CollectorError):
    """Known, and not allowed to. Retrying doesn't help."""

    status = 403
    title = "Not permitted"


class TooManyCopies(NotPermitted):
    """As many machines run on copies of one agent as may. Retrying helps once some were shut
    out."""

    title = "Too many copies"
    retry_after_seconds = 3600


class NotFound(CollectorError):
    """No such thing here. Retrying doesn't help."""

    status = 404
    title = "Not found"


class TooSlow(CollectorError):
    """The request took too long to arrive. Retrying may help."""

    status = 408
    title = "Too slow"


class Conflict(CollectorError):
    """What is here already says otherwise. Retrying doesn't help."""

    status = 409
    title = "Conflicts with what is here"


class TooLarge(CollectorError):
    """Over a limit; send less at once."""

    status = 413
    title = "Too large"


class UnsupportedEncoding(CollectorError):
    """A compression the collector can't undo; send gzip."""

    status = 415
    title = "Unknown content encoding"


class Invalid(CollectorError):
    """A value is out of bounds; the detail names it. Retrying doesn't help."""

    status = 422
    title = "Invalid"


class TooManyFailures(CollectorError):
    """Too many secrets from this address weren't known. Wait, then send the right one."""

    status = 429
    title = "Too many failed attempts"
    retry_after_seconds = 60


class TooManyTests(CollectorError):
    """Others are testing there, or did so often just now. Wait, then begin the test again."""

    status = 429
    title = "Too many tests"

    def __init__(self, detail: str, retry_after_seconds: int) -> None:
        super().__init__(detail)
        self.retry_after_seconds = retry_after_seconds


class LineBusy(CollectorError):
    """Other tests are on the line, or are to be soon. Ask again then."""

    status = 409
    title = "The line is busy"

    def __init__(self, detail: str, retry_after_seconds: int) -> None:
        super().__init__(detail)
        self.retry_after_seconds = retry_after_seconds


class Blackout(CollectorError):
    """The calendar says that no test may load the line now. Ask again later."""

    status = 429
    title = "No heavy test in a blackout"
    retry_after_seconds = 900


class BudgetUsedUp(CollectorError):
    """What tests may cost in a day or month is spent. Ask again when the next one begins."""

    status = 429
    title = "The budget is used up"

    def __init__(self, detail: str, retry_after_seconds: int) -> None:
        super().__init__(detail)
        self.retry_after_seconds = retry_after_seconds


class Busy(CollectorError):
    """Too much is waiting, or the store failed for the moment. Send the same again later."""

    status = 503
    title = "Busy"

    def __init__(self, detail: str, retry_after_seconds: int = 5) -> None:
        super().__init__(detail)
        self.retry_after_seconds = retry_after_seconds


class StorageFull(CollectorError):
    """The disk is full: nothing was kept. Send the same again once there is room."""

    status = 507
    title = "The collector's disk is full"
    retry_after_seconds = 60


class DamagedResults(CollectorError):
    """A file of stored results is missing or damaged. Retrying doesn't help; a backup does."""

    title = "Stored results are damaged"


class CannotStart(CollectorError):
    """The server can't start as it was asked to. Retrying doesn't help until that is changed."""

    title = "The server can't start"
    exit_code = ExitCode.CONFIGURATION


class DataInUse(CannotStart):
    """Another server runs on the data directory."""


class MayNotStart(CannotStart):
    """The operating system refuses this user what the server needs."""

    exit_code = ExitCode.NOT_PERMITTED


class ServerRefused(CollectorError):
    """A running server answered a command with a problem."""

    title = "The server refused"

    def __init__(self, detail: str, status: int) -> None:
        super().__init__(detail)
        self.refused_with = status
        self.exit_code = exit_code_of(status)


class ServerAway(CollectorError):
    """No server answers at the address. Retrying helps once it runs."""

    title = "No server answers"
    exit_code = ExitCode.UNREACHABLE


def exit_code_of(status: int) -> ExitCode:
    """What a command ends with whose request a server answered with this HTTP status."""
    if status in (401, 403):
        return ExitCode.NOT_PERMITTED
    return ExitCode.UNREACHABLE if status >= 500 or status == 429 else ExitCode.USAGE
