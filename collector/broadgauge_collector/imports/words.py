"""What people's words for things say: a kind of device, its state, why a ticket was opened. What
can be understood in two ways is None."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, cast

from .model import DeviceKind, DeviceState, TicketCategory

KINDS: dict[DeviceKind, str] = {
    "chromebook": "chromebook",
    "laptop": "laptop|notebook|macbook|macbook air|macbook pro|elitebook|probook|thinkpad|latitude",
    "desktop": "desktop|workstation|imac|mac mini|optiplex|thinkcentre|prodesk|elitedesk"
    "|chromebox|chromebase|tower|mini pc|thin client",
    "tablet": "tablet|ipad",
    "phone": "phone|iphone|smartphone|telephone|cell phone|handset",
    "server": "server",
    "printer": "printer|copier|multifunction printer|mfp|laserjet|officejet|plotter",
    "display": "display|monitor|projector|tv|television|smartboard|smart board|interactive panel"
    "|interactive flat panel|flat panel|interactive whiteboard",
    "router": "router",
    "switch": "switch|switche",
    "access_point": "access point|accesspoint|ap|wap|wireless ap",
    "firewall": "firewall|utm",
    "accessory": "keyboard|mouse|mice|stylus|speaker|headphone|headset|webcam|hotspot|hub",
    "other": "other",
}
PART_OF_IT = (
    "charger|charging cart|cart|case|sleeve|bag|dock|docking station|cable|adapter|adaptor|rack"
    "|mount|stand|power supply|power adapter|spare battery|transceiver|sfp|license|licence"
)
"""What makes of anything's name that of an accessory: a laptop charger is no laptop."""

JOINED = re.compile(r"[&+/,;]|\b(?:with|and|or|incl\w*)\b", re.IGNORECASE)

STATES: dict[DeviceState, str] = {
    "in_service": "active|in use|in service|deployed|assigned|checked out|issued|ready to deploy"
    "|installed|in production|provisioned|operational",
    "storage": "storage|in storage|in stock|stock|spare|stored|warehouse|warehoused",
    "loaner": "loaner|loaner pool",
    "in_repair": "repair|in repair|under repair|being repaired|rma|diagnostic|under maintenance"
    "|in maintenance",
    "lost": "lost|missing",
    "stolen": "stolen|theft",
}
RETIRED = (
    "retired|disposed|archived|surplus|surplused|recycled|decommissioned|scrapped|salvaged|salvage"
    "|sold|auctioned|donated|written off|deprovisioned|(?:broken )?not fixable|not repairable"
    "|beyond repair|no longer in use|no longer in service"
)
CATEGORIES: dict[TicketCategory, str] = {
    "failure": "failure|hardware failure|malfunction|defect|defective|dead|hardware issue"
    "|not working|not charging|not turning on|battery|won t charge|won t turn on",
    "accident": "accident|accidental|accidental damage|damage|damaged|physical damage|cracked"
    "|crack|spill|liquid|liquid damage|water damage|dropped|vandalism|shattered|abuse",
    "loss": "lost|loss|missing",
    "theft": "stolen|theft",
    "maintenance": "maintenance|upgrade|calibration|pat test|cleaning|configuration change"
    "|inspection|preventive maintenance|reimage|re image",
    "request": "request|service request|new equipment|password reset|password|account|setup",
    "other": "other",
}

REMEMBERED = 4096
"""A district has few models, labels and categories, and each many times."""

UNDONE = re.compile(r"\b(?:not|no|non|never|found|recovered|was|former|formerly|completed?)\b")
STILL_TO_COME = re.compile(r"\b(?:pending|awaiting|waiting|to be|will be|ready for|planned)\b")
OVER_IN_SERVICE = {"in_repair", "loaner", "lost", "stolen"}
"""States that a device may be in while it is assigned to somebody."""


@lru_cache(REMEMBERED)
def kind_of(*texts: str | None) -> DeviceKind | None:
    """A kind of device, from the first of the texts that says one, such as a category and a
    model."""
    for text in filter(None, texts):
        found = _kinds(text)
        if len(found) == 1:
            return cast("DeviceKind", found.pop())
    return None


@lru_cache(REMEMBERED)
def state_of(label: str | None) -> DeviceState | None:
    """A device's state, from a status that people named."""
    words = _plain(label or "")
    # without these first: "beyond repair" holds another state's word
    rest = re.sub(rf"\b(?:{RETIRED})\b", " ", words)
    found = _found(STATES, rest)
    if rest != words:
        return None if found or STILL_TO_COME.search(words) else "retired"
    if UNDONE.search(words):
        return None
    if found - {"in_service"} <= OVER_IN_SERVICE and len(found) > 1:
        found.discard("in_service")
    # gone either way, and nothing says for certain that somebody took it
    return "lost" if found == {"lost", "stolen"} else _only(found)


@lru_cache(REMEMBERED)
def category_of(*texts: str | None) -> TicketCategory | None:
    """Why a ticket was opened, from the first of the texts that says it."""
    for text in filter(None, texts):
        found = _found(CATEGORIES, _plain(text))
        if found == {"loss", "theft"}:
            return "loss"
        if len(found) == 1:
            return cast("TicketCategory", found.pop())
    return None


def _kinds(text: str) -> set[str]:
    words = _plain(text)
    found = _found(KINDS, words)
    if _matches(PART_OF_IT, words):
        return found | {"accessory"} if JOINED.search(text) else {"accessory"}
    if found == {"chromebook", "laptop"}:
        return {"chromebook"}
    return found


def _only(found: set[str]) -> Any:
    return next(iter(found)) if len(found) == 1 else None


def _found(table: Mapping[Any, str], words: str) -> set[str]:
    return {name for name, alternatives in table.items() if _matches(alternatives, words)}


def _matches(alternatives: str, words: str) -> bool:
    return re.search(rf"\b(?:{alternatives})s?\b", words) is not None


def _plain(text: str) -> str:
    return " ".join(re.findall(r"[a-z0-9]+", text.lower()))
