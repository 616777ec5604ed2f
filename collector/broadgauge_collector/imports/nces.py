"""What cells of NCES's public school lists say (Common Core of Data). Its codes for what isn't
known are None; ValueError quotes nothing, as everywhere."""

import re

from .model import RowRefused, SchoolRecord, Values
from .values import text

UNKNOWN = {"m", "n", "†", "\u2013", "‡", "-1", "-2", "-9", "missing", "not applicable",
           "not reported", "not available", "missing/not reported"}  # fmt: skip
"""Missing, not applicable, and of poor quality: CCD's codes, then what ELSI and people write."""

CODE = re.compile(r"(-[129])\.0+")
COUNT = re.compile(r"(\d+|\d{1,3}(,\d{3})+)(\.0+)?", re.ASCII)
DECIMAL = re.compile(r"-?\d+(\.\d+)?", re.ASCII)
DIGITS = re.compile(r"\d{11,12}", re.ASCII)
LEVELS = {"1": "Elementary", "2": "Middle", "3": "High", "4": "Other"}
"""CCD's codes until 2016; since then it writes the words."""


def school(values: Values) -> SchoolRecord:
    """A row's school. Its state is where it is, or else who reported it; its students are without
    those in adult education, where that is told."""
    said = dict(values)
    for better, other in (("state", "reporting_state"), ("students", "students_and_adults")):
        said.setdefault(better, said.pop(other, None))
    id_, name = said.get("nces_id"), said.get("name")
    if id_ is None:
        raise RowRefused("It has no NCES number (NCESSCH). Give the school its twelve digits.")
    if name is None:
        raise RowRefused("It has no name. Give the school its name.")
    return SchoolRecord(key=id_, **said)


def nces_id(cell: str) -> str | None:
    """A school's twelve digits: seven of its district's, five of its own. Excel takes the first 0
    away; no state's number begins with 00, so that eleven digits lack exactly that one."""
    if is_unknown(cell):
        return None
    if not DIGITS.fullmatch(cell):
        raise ValueError(
            "it should be twelve digits, as text; take the list as NCES has it, without opening "
            "and saving it in a spreadsheet"
        )
    id_ = cell.zfill(12)
    if id_.startswith("00"):
        raise ValueError("it should begin with its state's number, 01 to 78")
    return id_


def words(cell: str) -> str | None:
    """A name, or None."""
    return None if is_unknown(cell) else text(cell)


def level(cell: str) -> str | None:
    """Elementary, Middle, High and so on."""
    said = words(cell)
    if said is None or not said.isdecimal():
        return said
    return LEVELS.get(said)


def count(cell: str) -> int | None:
    """A number of people."""
    if is_unknown(cell):
        return None
    if not COUNT.fullmatch(cell):
        raise ValueError("it should be a whole number, or NCES's code for what isn't known")
    return int(cell.split(".")[0].replace(",", ""))


def full_time_equivalent(cell: str) -> float | None:
    """A number of teachers, those of half a day as a half. As NCES writes, with a point."""
    if is_unknown(cell):
        return None
    said = cell.replace(",", "") if COUNT.fullmatch(cell.split(".")[0]) else cell
    if not DECIMAL.fullmatch(said) or said.startswith("-"):
        raise ValueError("it should be a number such as 34.5, or NCES's code for what isn't known")
    return float(said)


def latitude(cell: str) -> float | None:
    return _degrees(cell, 90)


def longitude(cell: str) -> float | None:
    return _degrees(cell, 180)


def is_unknown(cell: str) -> bool:
    """Whether it is one of NCES's codes, -1.0 too, as map servers write them."""
    return not cell or CODE.sub(r"\1", cell.lower()) in UNKNOWN


def _degrees(cell: str, most: int) -> float | None:
    if is_unknown(cell):
        return None
    if not DECIMAL.fullmatch(cell) or abs(float(cell)) > most:
        raise ValueError(f"it should be degrees from -{most} to {most}, such as 34.2675")
    return float(cell)
