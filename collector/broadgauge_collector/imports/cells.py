"""A cell's text without what spreadsheets and systems put around or in place of it."""

import re

WRAPPED = re.compile(r'="(.*)"', re.DOTALL)
"""How CSV keeps a spreadsheet from taking 00123 for a number."""

FORMULA_STARTS = "=+@\uff1d\uff0b\uff20"
NEEDS_A_LOOK = frozenset(FORMULA_STARTS + "'#")
SHORTENED = re.compile(r"-?\d(?:[.,]\d+)?E\+\d+", re.IGNORECASE)
SPREADSHEET_ERROR = re.compile(r"#(?:REF!|NAME\?|VALUE!|DIV/0!|NUM!|NULL!|SPILL!|#+)")
NOTHING = frozenset((
    "-", "--", "\u2013", "\u2014", "n/a", "#n/a", "null", "(null)", "none", "(none)", "nan",
    "never",
))  # fmt: skip
LONGEST_NOTHING = max(map(len, NOTHING))
ZERO_DATE = re.compile(
    r"(?:0000-00-00|0001-01-01|1970-01-01(?=[T ]00:00))(?:[T ]00:00(?::00(?:\.0+)?)?)?"
    r"(?:Z|[+-]00:?00| UTC)?|1/1/0001(?: 12:00(?::00)? AM)?"
)
"""What systems write for no date at all."""

SLASHED = re.compile(r"(\d{1,2})/(\d{1,2})/(?:\d{4}|\d{2})\b", re.ASCII)
LAST_MONTH = 12

MONTH_WORDS = (
    r"jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?"
)
NO_WORDS = re.compile(
    rf"(?=.*\d)(?:[\d\W_]|(?<![^\W\d_])(?:{MONTH_WORDS})(?![^\W\d_]))*", re.IGNORECASE
)


def said(cell: str) -> str:
    """What a cell says, empty if that is nothing. ValueError if a spreadsheet would compute it, or
    has shortened it."""
    text = cell.strip()
    if text[:1] in NEEDS_A_LOOK:
        text = _unwrapped(text)
    if "+" in text and SHORTENED.fullmatch(text):
        raise ValueError(
            "a spreadsheet shortened it to a number such as 1.2E+11; export it again with this "
            "column as text"
        )
    return "" if _is_nothing(text) else text


def _is_nothing(text: str) -> bool:
    if len(text) <= LONGEST_NOTHING:
        return text.casefold() in NOTHING
    return text[0] in "01" and ZERO_DATE.fullmatch(text) is not None


def _unwrapped(text: str) -> str:
    if wrapped := WRAPPED.fullmatch(text):
        text = wrapped[1].replace('""', '"').strip()
    elif text.startswith("'"):
        text = text[1:].strip()
    if text[:1] and text[0] in FORMULA_STARTS:
        raise ValueError("it should not be a formula; write what the formula shows")
    if SPREADSHEET_ERROR.fullmatch(text):
        raise ValueError("a spreadsheet could not compute or show it; export it again")
    return text


def said_day_first(cell: str) -> str:
    """As `said`, in a file where days stand before months somewhere: a date that could be either
    is refused."""
    text = said(cell)
    date = SLASHED.match(text)
    if date and int(date[1]) != int(date[2]) and max(int(date[1]), int(date[2])) <= LAST_MONTH:
        raise ValueError(
            "other dates of this file have the day first, so it can be read in two ways; write it "
            "as 2026-08-15"
        )
    return text


def may_be_shown(cell: str) -> bool:
    """Whether a cell that can't be read can hold no name: it has only digits, punctuation and
    names of months, and digits among them, as April and June are names of people, too. Or a
    spreadsheet made a number of it."""
    text = cell.strip()
    if SHORTENED.fullmatch(text) or SPREADSHEET_ERROR.fullmatch(text):
        return True
    return "@" not in text and NO_WORDS.fullmatch(text) is not None
