"""What a cell's text says. Each takes a stripped text that isn't empty; ValueError, in a sentence
that quotes nothing of it, if it can't be read."""

import re

from .amounts import cents, currency, number, ratio, size_bytes, whole, yes
from .dates import day, moment, month_end

__all__ = (
    "asset_tag",
    "cents",
    "currency",
    "day",
    "label",
    "macs",
    "moment",
    "month_end",
    "number",
    "number_or_none",
    "ratio",
    "serial",
    "size_bytes",
    "text",
    "whole",
    "yes",
)  # fmt: skip

MAX_TEXT = 200
MAX_NAME = 64
"""Of a serial number or an asset tag."""

E_MAIL = re.compile(r"@\s*[\w-]+\.\w")
"""An @ with a domain after it."""

NOT_IN_A_NAME = re.compile(r"[,;|\"\t\r\n]")
"""What stands between cells: where a serial number has one, it is more than a serial number."""

SPELLINGS = (
    r"[0-9a-f]{1,2}(?::[0-9a-f]{1,2}){5}",
    r"[0-9a-f]{1,2}(?:-[0-9a-f]{1,2}){5}",
    r"[0-9a-f]{2}(?: [0-9a-f]{2}){5}",
    r"[0-9a-f]{4}[.:-][0-9a-f]{4}[.:-][0-9a-f]{4}",
    r"[0-9a-f]{6}[:-][0-9a-f]{6}",
    r"[0-9a-f]{12}",
)
MAC = re.compile(rf"(?<![0-9a-z])(?:{'|'.join(SPELLINGS)})(?![0-9a-z])", re.IGNORECASE)
LIKE_A_MAC = re.compile(rf"(?<![0-9a-z])(?:{'|'.join(SPELLINGS[:2])})(?![0-9a-z])", re.IGNORECASE)
"""With colons or dashes, which nothing else has so many of."""

NO_MAC = "it should not be a hardware address; those have a column of their own"
MAC_DIGITS = 12
BARE_MAC = re.compile(r"[0-9a-f]{12}|[0-9a-f]{2}(?::[0-9a-f]{2}){5}", re.IGNORECASE)
BETWEEN_DIGITS = re.compile(r"[ :.-]")
BETWEEN_MACS = re.compile(r"[\s,;|/]*")

NO_NAME = frozenset((
    "", "TOBEFILLEDBYOEM", "TOBEFILLEDBYO", "FILLEDBYOEM", "DEFAULTSTRING", "DEFAULT", "NONE",
    "NA", "NIL", "NULL", "NOTSPECIFIED", "UNSPECIFIED", "NOTAPPLICABLE", "NOTAVAILABLE",
    "NOTPROVIDED", "NOTSET", "NOTDEFINED", "UNDEFINED", "UNKNOWN", "INVALID", "EMPTY", "OEM",
    "OEMSTRING", "STRING", "TBD", "SYSTEMSERIALNUMBER", "SYSTEMSERIAL", "SERIALNUMBER", "SERIAL",
    "CHASSISSERIALNUMBER", "BASEBOARDSERIALNUMBER", "NOSERIAL", "NOSERIALNUMBER", "NOASSETTAG",
    "ASSETTAG", "ASSETTAGNUMBER", "NOASSETINFORMATION", "ATAGNOASSETINFORMATION",
    "ASSET1234567890", "DEFAULTASSETTAG", "CHASSISASSETTAG", "0123456789", "123456789",
    "1234567890", "0123456789ABCDEF",
))  # fmt: skip
"""Letters and digits of what makers and firmware write where there is no number."""

NO_SERIAL = NO_NAME | {"12345678", "01234567", "ABCDEFGH"}
VOWEL = re.compile(r"[AEIOUY]")
FEWEST_CONSONANTS = 8
SHORTEST_WORD, MOST_WORDS = 3, 2
FIRST_AND_LAST = re.compile(r"[A-Z]{2,}\.[A-Z]{2,}\d*")
MOST_WORDS_OF_A_LABEL = 5
OF_ONE = re.compile(
    r"[.!?] |[!?]|\b(?:mr|mrs|ms|miss|mx|prof|coach)\.? +[^\W\d_]{2}|[^\W\d_]['\u2019]s\b"
    r"|\b(?:he|she|they|his|her|their|my|assigned to|belongs to|given to|student:|user:)(?!\w)"
    r"|^[^\W\d_]+\.[^\W\d_]{2,}\d*$",
    re.IGNORECASE,
)
"""Titles, possessives, pronouns, sentences and accounts: somebody's words of somebody."""

ONE_SIGN = re.compile(r"(.)\1*")
ZEROS_OR_XS = re.compile(r"0+|X{2,}")


def text(cell: str) -> str:
    """Words, with single spaces between them."""
    said = _words(cell)
    if is_mac(said):
        raise ValueError(NO_MAC)
    return said


def is_mac(said: str) -> bool:
    """Whether a hardware address is in it, or it is one."""
    return LIKE_A_MAC.search(said) is not None or _is_bare_mac(said)


def _words(cell: str) -> str:
    said = " ".join(cell.split())
    if not said.isprintable():
        said = "".join(c for c in said if c.isprintable())
    if len(said) > MAX_TEXT:
        raise ValueError(f"it should have {MAX_TEXT} characters at most")
    if "@" in said and E_MAIL.search(said):
        raise ValueError("it should not hold an e-mail address; remove it")
    return said


def serial(cell: str) -> str | None:
    """A serial number in upper case; None for what stands where there is none, and for words."""
    said = _name(cell)
    bare = _bare(said.replace(" ", ""))
    if bare in NO_SERIAL or ONE_SIGN.fullmatch(bare):
        return None
    return said.replace(" ", "") if is_number(said) or _is_unspeakable(said) else None


def asset_tag(cell: str) -> str | None:
    """An asset tag in upper case; None for what stands where there is none, and for words: some
    write there who has the device."""
    said = _name(cell)
    bare = _bare(said)
    is_none = bare in NO_NAME or ZEROS_OR_XS.fullmatch(bare) or _is_bare_mac(said)
    return None if is_none or not is_number(said) else said


def label(cell: str) -> str | None:
    """Words that a system has for many things of a kind, such as Cracked screen; None for what
    somebody said of one."""
    said = text(cell)
    of_one = said.count(" ") >= MOST_WORDS_OF_A_LABEL or OF_ONE.search(said)
    return None if of_one else said


def number_or_none(cell: str) -> str | None:
    """A number of an order or the like; None for words."""
    said = text(cell)
    return said if is_number(said.upper()) else None


def is_number(said: str) -> bool:
    """Whether capitals and digits can be the number of a thing: there is a digit, not many words,
    and it isn't spelled as people's accounts are."""
    words = sum(len(word) >= SHORTEST_WORD and word.isalpha() for word in said.split())
    has_digit = any(c.isdigit() for c in said)
    return has_digit and words < MOST_WORDS and FIRST_AND_LAST.fullmatch(said) is None


def _is_unspeakable(said: str) -> bool:
    """Whether it can be a serial number though it has no digit, as some of Apple's."""
    return len(said) >= FEWEST_CONSONANTS and said.isalpha() and not VOWEL.search(said)


def _name(cell: str) -> str:
    if NOT_IN_A_NAME.search(cell):
        raise ValueError("it should be one number, without commas, quotation marks and the like")
    said = _words(cell).upper()
    if LIKE_A_MAC.search(said):
        raise ValueError(NO_MAC)
    if len(said) > MAX_NAME:
        raise ValueError(f"it should have {MAX_NAME} characters at most")
    return said


def _bare(said: str) -> str:
    return said if said.isalnum() else "".join(c for c in said if c.isalnum())


def macs(cell: str) -> tuple[str, ...]:
    """Hardware addresses, 12 hexadecimal digits each, without those that are no device's own."""
    if BARE_MAC.fullmatch(cell):
        mac = cell.replace(":", "").lower()
        return (mac,) if _of_a_device(mac) else ()
    if not BETWEEN_MACS.fullmatch(MAC.sub("", cell)):
        raise ValueError("it should be hardware addresses, such as 00:1a:2b:3c:4d:5e")
    found = map(_digits, MAC.findall(cell))
    return tuple(dict.fromkeys(mac for mac in found if _of_a_device(mac)))


def _is_bare_mac(said: str) -> bool:
    """Twelve digits without a letter among them are a number like any other."""
    return len(said) == MAC_DIGITS and not said.isdigit() and BARE_MAC.fullmatch(said) is not None


def _digits(mac: str) -> str:
    if len(mac) == MAC_DIGITS:
        return mac.lower()
    parts = BETWEEN_DIGITS.split(mac.lower())
    return "".join(part.zfill(2) if len(parts) == 6 else part for part in parts)


def _of_a_device(mac: str) -> bool:
    """Neither all zero nor for several receivers: IEEE 802's group bit, which broadcast has too."""
    return mac != "0" * 12 and not int(mac[:2], 16) & 1
