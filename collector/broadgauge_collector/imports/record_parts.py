"""What formats share: a row's values to a record that makes sense, or why it can't be taken."""

import re
from datetime import UTC, date, datetime, timedelta
from hashlib import blake2b
from typing import Any

from dateutil.relativedelta import relativedelta
from msgspec import Struct

from . import values as read
from .model import DeviceRecord, DeviceState, RowRefused, TicketRecord, Values

NO_DEVICE = "nothing says which device this is: fill in a serial number or an asset tag"
NO_TICKET = "nothing says which ticket this is: fill in its number"
MONTHS_AT_MOST = 240
UNSAID = (None, "", ())


IDENTIFIER = re.compile(r"(?=.*\d)[\w.#:/-]+(?: [\w.#:/-]+)?", re.ASCII)
LONGEST_IDENTIFIER = 80
MAX_KEY, MAX_KEY_BEGINS = 200, 160


class Money(Struct, frozen=True):
    """An amount, and its currency where a sign beside it says so."""

    cents: int
    currency: str | None = None


def money(cell: str) -> Money:
    """An amount with or without its currency."""
    signed = re.search(r"[^\d., ]", cell) is not None
    return Money(read.cents(cell), read.currency(cell) if signed else None)


def identifier(cell: str) -> str:
    """A number or code that some system gave: of a digit at least, and no sentence. A heading such
    as "Incident" may stand over either."""
    if len(cell) > LONGEST_IDENTIFIER or IDENTIFIER.fullmatch(cell) is None:
        raise ValueError("it should be a number or a code, such as 1042 or INC-1042")
    if read.is_mac(cell):
        raise ValueError(read.NO_MAC)
    return cell


def processor(cell: str) -> str:
    """A processor's name. The @ before its clock makes it no e-mail address."""
    return read.text(re.sub(r"@(?=\s*[\d.]+\s*[GM]Hz)", "", cell, flags=re.IGNORECASE))


def first(values: Values, *fields: str) -> Any:
    """What the first of these fields says that says something."""
    return next((values[field] for field in fields if field in values), None)


def months(cell: str) -> int:
    """A number of months, such as 36 or "36 months"."""
    found = re.fullmatch(
        r"(\d{1,3})(?:\.0+)?\s*(?:mo|mos|months?)?\.?", cell.strip(), re.IGNORECASE
    )
    if found is None or int(found[1]) > MONTHS_AT_MOST:
        raise ValueError(f"it should be a number of months, {MONTHS_AT_MOST} at most")
    return int(found[1])


def size_with_unit(cell: str) -> int | None:
    """A size that says what it is counted in. A number alone may be bytes, MB or GB: unknown."""
    return None if re.fullmatch(r"[\d.,\s]*", cell) else read.size_bytes(cell)


def size(cell: str) -> int | None:
    """A size in bytes, unless it has a unit; 0 is how some systems say that they don't know."""
    return (int(cell) if re.fullmatch(r"[0-9]{1,18}", cell) else read.size_bytes(cell)) or None


def device(values: Values, **found: Any) -> DeviceRecord:
    """The record of a row whose columns are named as a record's fields, with what else was found.
    RowRefused if it names no device, or can't be."""
    said = _known(DeviceRecord, {**values, **found})
    names = (said.pop("key", None), said.get("serial"), said.get("asset_tag"))
    key = next(filter(None, (*names, *said.get("macs", ()))), None)
    if key is None:
        raise RowRefused(NO_DEVICE)
    record = DeviceRecord(key=key, **_one_currency(said))
    check_device(record)
    return record


def ticket(values: Values, **found: Any) -> TicketRecord:
    """As `device`, of a ticket. One without a number is told apart by its device, day and type."""
    said = _known(TicketRecord, {**values, **found})
    key = said.pop("key", None) or _key_without_number(said)
    record = TicketRecord(key=key, **_one_currency(said))
    check_ticket(record)
    return record


def macs(values: Values, *fields: str) -> tuple[str, ...]:
    """The hardware addresses of several columns, each once."""
    return tuple(dict.fromkeys(each for field in fields for each in values.get(field) or ()))


def latest(values: Values, *fields: str) -> Any:
    """The latest that these fields say."""
    return max((v for v in map(values.get, fields) if v is not None), default=None)


def warranty_end(bought: date | None, length: int | None) -> date | None:
    """The end of a warranty of so many calendar months."""
    if bought is None or length is None:
        return None
    try:
        end: date = bought + relativedelta(months=length)
    except (ValueError, OverflowError):
        return None
    return end


def retirement(state: DeviceState | None, retired_on: date | None) -> dict[str, Any]:
    """State and since when, of a row with a day of retirement. One that is still to come is a
    plan."""
    if retired_on is None or retired_on > today():
        return {"state": state}
    if state not in (None, "retired", "lost", "stolen"):
        raise RowRefused(
            "it has a day of retirement, and its status says otherwise: correct one of them"
        )
    return {"state": state or "retired", "state_since": retired_on}


def check_device(record: DeviceRecord) -> None:
    """RowRefused if what a record says can't be."""
    check_past(record.purchased_on, "it was bought after today: correct the day of purchase")
    since, bought = record.state_since, record.purchased_on
    if record.state == "retired" and since is not None and bought is not None and since < bought:
        raise RowRefused("it was retired before it was bought: correct one of the two days")
    if (record.disk_free_bytes or 0) > (record.disk_bytes or float("inf")):
        raise RowRefused("more is free on its disk than the disk holds: correct one of the two")


def check_ticket(record: TicketRecord) -> None:
    """RowRefused if what a record says can't be."""
    check_past(record.opened_on, "it was opened after today: correct the day")
    check_past(record.closed_on, "it was closed after today: correct the day, or leave it empty")
    opened, closed = record.opened_on, record.closed_on
    if opened is not None and closed is not None and closed < opened:
        raise RowRefused("it was closed before it was opened: correct one of the two days")


def check_past(day: date | None, why: str) -> None:
    """RowRefused for a day that is yet to come. Tomorrow has begun somewhere."""
    if day is not None and day > (now := today()) and day > now + timedelta(days=1):
        raise RowRefused(why)


def today() -> date:
    """Today, by UTC."""
    return datetime.now(UTC).date()


def _known(record: type[Struct], said: Values) -> dict[str, Any]:
    fields = record.__struct_fields__
    return {field: said[field] for field in fields if said.get(field) not in UNSAID}


def _key_without_number(said: dict[str, Any]) -> str:
    which = said.get("device_key") or said.get("serial") or said.get("asset_tag")
    if which is None or "opened_on" not in said:
        raise RowRefused(NO_TICKET)
    return joined(which, said["opened_on"], said.get("kind"), said.get("issue"))


def joined(*parts: object) -> str:
    """A key of what tells a row apart, those parts that are there; not longer than keys may be."""
    key = "/".join(str(part) for part in parts if part)
    if len(key) <= MAX_KEY:
        return key
    return f"{key[:MAX_KEY_BEGINS]}/{blake2b(key.encode(), digest_size=16).hexdigest()}"


def _one_currency(said: dict[str, Any]) -> dict[str, Any]:
    amounts = {field: value for field, value in said.items() if isinstance(value, Money)}
    currencies = {amount.currency for amount in amounts.values()} | {said.get("currency")}
    currencies.discard(None)
    if len(currencies) > 1:
        raise RowRefused("its amounts are in several currencies: write all of them in one")
    cents = {field: amount.cents for field, amount in amounts.items()}
    return {**said, **cents, "currency": next(iter(currencies), None)}
