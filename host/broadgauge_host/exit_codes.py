"""How commands end, the same for both programs."""

from enum import IntEnum


class ExitCode(IntEnum):
    """What a command ends with. Scripts rely on these; both programs have the same."""

    WELL = 0, "Well: the command did what it says"
    TROUBLE = 1, "Measured trouble: a test failed, a check found something wrong, a school is below"
    USAGE = 2, "Usage: an unknown option, a missing argument, a school or target there isn't"
    CONFIGURATION = (
        3,
        "Configuration: a setting or a file is wrong, or this machine isn't set up so",
    )
    UNREACHABLE = 4, "Unreachable: the other side doesn't answer, or something else answers for it"
    NOT_PERMITTED = 5, "Not permitted: a token or key isn't accepted, or this user may not do it"

    meaning: str

    def __new__(cls, code: int, meaning: str) -> "ExitCode":
        """A number that knows what it stands for."""
        member = int.__new__(cls, code)
        member._value_ = code
        member.meaning = meaning
        return member
