"""The Devices page's address: which devices it names, in words that can be kept and sent."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

import msgspec

from broadgauge_collector.errors import Invalid
from broadgauge_collector.fleet.questions import Asked

from .query import text_of

PATH = "/devices"
ANY = "any"
"""What a control says that leaves it open."""

NOT_KNOWN = "not-known"
"""What a control says for devices of which it isn't known. Elsewhere in an address it is ''."""

CHOSEN = ("school", "kind", "state", "source", "only", "by")
"""What controls choose."""

MORE = (
    "make", "model", "os_name", "year", "conflicts", "vanished", "idle_below",
    "support_ends_before", "off_list",
)  # fmt: skip
"""What groups and people's own addresses name, and no control shows."""

IDLE_HOURS = 5
A_YEAR = timedelta(days=365)
LONGEST = 200

Address = dict[str, str]


def more_of(given: Mapping[str, Any]) -> Address:
    """What an address says that no control shows."""
    return {name: text_of(given[name], LONGEST) for name in MORE if name in given}


def address(text: str, chosen: Mapping[str, str | None], more: Mapping[str, str]) -> Address:
    """What the page is asked for, without what is left open."""
    said = {"q": text, **{n: v for n, v in chosen.items() if v not in {None, ANY}}}
    return {**{name: value for name, value in said.items() if value}, **more}


def href(said: Mapping[str, str]) -> str:
    """The page that shows it."""
    return f"{PATH}?{urlencode(said)}" if said else PATH


def asked(said: Mapping[str, str], today: date) -> Address:
    """The same in the API's words."""
    named = {n: said[n] for n in ("school", "kind", "state", "source", *MORE) if n in said}
    found = {name: "" if value == NOT_KNOWN else value for name, value in named.items()}
    if "q" in said:
        found["search"] = said["q"]
    return found | _only(said.get("only", ""), today)


def question(words: Mapping[str, Any]) -> Asked:
    """What is looked up. Invalid for what can't be: nobody should take all devices for these."""
    try:
        return msgspec.convert(dict(words), Asked, strict=False)
    except msgspec.ValidationError as error:
        raise Invalid("The address asks for what can't be. Open Devices anew.") from error


def _only(only: str, today: date) -> Address:
    found: dict[str, Address] = {
        "conflicts": {"conflicts": "true"},
        "vanished": {"vanished": "true"},
        "idle": {"idle_below": str(IDLE_HOURS)},
        "off-list": {"off_list": "true"},
        "ending": {"support_ends_before": (today + A_YEAR).isoformat()},
    }
    return found.get(only, {})
