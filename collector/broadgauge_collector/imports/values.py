"""What a cell's text says. Each takes a stripped text that isn't empty; ValueError, in a sentence
that quotes nothing of it, if it can't be read."""

import re

from .amounts import cents, currency, number, ratio, size_bytes, whole, yes
from .dates import day, moment, month_end

__all__ = (
    "asset_tag", "cents", "currency", "day", "macs", "moment", "month_end", "number", "ratio",
    "serial", "size_bytes", "text", "whole", "yes",
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
ONE_SIGN = re.compile(r"(.)\1*")
ZEROS_OR_XS = re.compile(r"0+|X{2,}")


def text(cell: str) -> str:
    """Words, with single spaces between them."""
    said = " ".join(cell.split())
    if not said.isprintable():
        said = "".join(c for c in said if c.isprintable())
    if len(said) > MAX_TEXT:
        raise ValueError(f"it should have {MAX_TEXT} characters at most")
    if "@" in said and E_MAIL.search(said):
        raise ValueError("it should not hold an e-mail address; remove it")
    return said


def serial(cell: str) -> str | None:
    """A serial number in upper case; None for what stands where there is none."""
    said = _name(cell).replace(" ", "")
    bare = _bare(said)
    return None if bare in NO_SERIAL or ONE_SIGN.fullmatch(bare) else said


def asset_tag(cell: str) -> str | None:
    """An asset tag in upper case; None for what stands where there is none."""
    said = _name(cell)
    bare = _bare(said)
    return None if bare in NO_NAME or ZEROS_OR_XS.fullmatch(bare) else said


def _name(cell: str) -> str:
    if NOT_IN_A_NAME.search(cell):
        raise ValueError("it should be one number, without commas, quotation marks and the like")
    said = text(cell).upper()
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


def _digits(mac: str) -> str:
    if len(mac) == MAC_DIGITS:
        return mac.lower()
    parts = BETWEEN_DIGITS.split(mac.lower())
    return "".join(part.zfill(2) if len(parts) == 6 else part for part in parts)


def _of_a_device(mac: str) -> bool:
    """Neither all zero nor for several receivers: IEEE 802's group bit, which broadcast has too."""
    return mac != "0" * 12 and not int(mac[:2], 16) & 1
