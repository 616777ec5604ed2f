"""Which places may be kept: schools, buildings, rooms and organisational units. Some systems let a
device be at a person, and then the person's name stands where a place should.

A list of names would be long, and wrong for half of them. So a place has to look like one instead.
"""

import re
from collections.abc import Callable

from .values import MAX_TEXT

IsSchool = Callable[[str], bool]

PLACE_FIELDS = frozenset(("place", "school", "building", "location", "network"))

WORD_OF_PLACES = re.compile(
    r"\b(?:schools?|school's|elementary|elem|middle|intermediate|junior|senior|jr|sr|high|academy"
    r"|academies|primary|secondary|preschool|pre-?k|kindergarten|kinder|charter|magnet|college"
    r"|campus|cent(?:er|re)|district|isd|usd|cusd|sd|unified|schoolwide|buildings?|bldg|offices?"
    r"|librar(?:y|ies)|media|rooms?|rm|classrooms?|labs?|gym|gymnasium|cafeteria|kitchen|auditorium"
    r"|theat(?:er|re)|hallway|wing|annex|portable|floor|basement|closet|mdf|idf|data|server"
    r"|warehouse|storage|storeroom|stock|stockroom|depot|repairs?|carts?|spares?|loaners?"
    r"|shelf|cabinet|maintenance|transportation|garage|stadium|athletics|admin"
    r"|administration|department|dept|technology|tech|it|help ?desk|front desk|reception"
    r"|counsell?ing|nurse|students?|staff|teachers?|faculty"
    r"|grades?|headquarters|hq|hs|ms|es|ps|jhs|shs|k-?\d+|école|ecole|élémentaire|escuela|colegio|lycée|home"
    r"|offsite|off-site|remote|vendor|surplus|recycling|disposed|unassigned|unknown)\b",
    re.IGNORECASE,
)
"""What stands in the names of schools' places, and in no person's."""

PERSONAL = re.compile(
    r"@"
    r"|\b(?:mr|mrs|ms|miss|mx|prof|coach)\.?\s+[^\W\d_]{2}"
    r"|^[^\W\d_][\w'\u2019-]*(?: [\w'\u2019-]+)?,\s*[^\W\d_][\w'\u2019.-]*(?: [^\W\d_]\.?)?$"
    r"|^[^\W\d_]+\.[^\W\d_]+\d*$"
    r"|[^\W\d_]['\u2019]s\b(?!.*\b(?:school|academy|cent(?:er|re)|college)\b)",
    re.IGNORECASE,
)
"""Ms Smith, Smith, Jane, jane.smith2 and Jane's desk; not St. Mary's School."""

CODE = re.compile(
    r"(?:[A-Z]{2,5}|[A-Z]{0,3}[-#]?\d+[A-Z]?)(?:[ -](?:[A-Z]{1,5}|[A-Z]{0,3}[-#]?\d+[A-Z]?))*"
)
"""What districts call schools and rooms for short, such as LES, PS 118 or B-204."""


def kept_place(said: str | None, is_school: IsSchool) -> str | None:
    """What of a place may be kept; None if it may be a person.

    A known school may. A path of organisational units may up to the first that names a person, and
    below a school only what looks like a place. Other words may if they look like one.
    """
    if said is None or len(said) > MAX_TEXT:
        return None
    if "/" in said:
        return _path(said, is_school)
    return said if is_school(said) or looks_like_a_place(said) else None


def _path(said: str, is_school: IsSchool) -> str | None:
    kept, below_a_school = list[str](), False
    for part in said.split("/"):
        name = " ".join(part.split())
        known = bool(name) and is_school(name)
        if name and not known and not _may_be_a_unit(name, below_a_school):
            break
        below_a_school = below_a_school or known
        kept.append(part)
    return "/".join(kept) if any(part.strip() for part in kept) else None


def _may_be_a_unit(name: str, below_a_school: bool) -> bool:
    """Administrators make few units, and make them of people's kinds: above a school's they need no
    word of a place."""
    if below_a_school:
        return looks_like_a_place(name)
    return PERSONAL.search(name) is None


def looks_like_a_place(name: str) -> bool:
    """Whether a name is one of places, and of no person."""
    if PERSONAL.search(name):
        return False
    return CODE.fullmatch(name) is not None or WORD_OF_PLACES.search(name) is not None
