"""What a change did, in plain words."""

from .change import LEAST_DAYS, Shift
from .method import METHOD
from .model import Interval
from .words import GIGABIT, MEGABIT, number, percent

LIMIT = "the testing computers were the limit before and after"


def difference(found: Shift) -> str:
    """`faster, +180 Mbps (95%: 150 to 210)`."""
    if is_open(found):
        return f"can't be told: {LIMIT}"
    return f"{direction_of(found)}, {shifted(found)}"


def is_open(found: Shift) -> bool:
    """Whether it says nothing at all: there are lower bounds on both sides."""
    return found.bits_per_second is None and found.interval == Interval(None, None)


def direction_of(found: Shift) -> str:
    """Whether it surely differs, and which way."""
    low, high = found.interval.low, found.interval.high
    if low is not None and low > 0:
        return "faster"
    return "slower" if high is not None and high < 0 else "no clear difference"


def compared(schools: int, others: Shift | None, beyond: Shift | None) -> str:
    """What stands beside it, and what is left of the difference."""
    if others is None:
        return "no school without a change has enough tests to compare with."
    if is_open(others):
        return f"{number(schools, 'school')} without a change: can't be told."
    words = f"{number(schools, 'school')} without a change: {shifted(others)}."
    told = beyond is not None and not is_open(beyond)
    return f"{words} That leaves {shifted(beyond)}." if beyond and told else words


def too_few(before: int, after: int, *, more_to_come: bool) -> str:
    """How many more days it takes, and whether they can come."""
    words = [f"too few days to tell; it takes {LEAST_DAYS} with tests on each side."]
    if before < LEAST_DAYS:
        more = number(LEAST_DAYS - before, "more day")
        words.append(f"Before it there are {before}: {more}, if a longer look back finds them.")
    if after < LEAST_DAYS:
        more = number(LEAST_DAYS - after, "more day")
        then = "come by themselves" if more_to_come else "are not to come, for these days are over"
        words.append(f"After it there are {after}: {more}, which {then}.")
    return " ".join(words)


def shifted(found: Shift) -> str:
    """`+180 Mbps (95%: 150 to 210)`."""
    return f"{amount(found)} ({sure(found)})"


def amount(found: Shift) -> str:
    """`+180 Mbps`."""
    middle, (size, unit) = found.bits_per_second, _scale(found)
    if middle is None:
        return f"an unclear amount in {unit}"
    sign = "+" if middle > 0 else ""
    return f"{_BOUNDS[found.bound]}{sign}{_digits(middle / size)} {unit}"


def sure(found: Shift) -> str:
    """`95%: 150 to 210`, in the unit of the amount; an end that is open is said in words."""
    size, _ = _scale(found)
    ends = (found.interval.low, found.interval.high)
    low, high = (None if end is None else _digits(end / size) for end in ends)
    between = f"{low} to {high}"
    if low is None:
        between = "anything" if high is None else f"{high} or less"
    elif high is None:
        between = f"{low} or more"
    return f"{percent(METHOD.confidence)}: {between}"


def _scale(found: Shift) -> tuple[float, str]:
    ends = (found.bits_per_second, found.interval.low, found.interval.high)
    largest = max((abs(end) for end in ends if end is not None), default=0.0)
    return (GIGABIT, "Gbps") if largest >= GIGABIT else (MEGABIT, "Mbps")


_BOUNDS = {"exact": "", "at_least": "at least ", "at_most": "at most ", None: ""}


def _digits(number: float) -> str:
    """Three significant digits and no more than two after the point: noise has no more to say."""
    if abs(number) >= 99.5:
        return f"{number:,.0f}"
    shown = f"{round(number, 1 if abs(number) >= 9.95 else 2):g}"
    return "0" if shown == "-0" else shown
