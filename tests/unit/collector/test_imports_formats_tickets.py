"""Tickets and maintenances from Snipe-IT, Incident IQ and lists."""

from datetime import UTC, date, datetime, timedelta
from typing import cast

import pytest

from broadgauge_collector.imports.model import PartRecord, TicketRecord
from tests.unit.collector.example_exports import record, refusal


def ticket(key: str, n: int = 0, also: dict[str, str] | None = None) -> TicketRecord:
    return cast("TicketRecord", record(key, n, also))


def test_a_maintenance_keeps_its_type_and_what_it_cost() -> None:
    found = ticket("snipe-it-maintenances")
    assert (found.key, found.asset_tag, found.serial) == ("500", "LHS-0000", "PF000000")
    assert (found.opened_on, found.closed_on) == (date(2025, 9, 14), date(2025, 9, 21))
    assert (found.under_warranty, found.cost_cents) == (True, 12_850)


def test_only_upkeep_has_a_category_and_repairs_keep_their_type() -> None:
    found = [ticket("snipe-it-maintenances", n) for n in range(4)]
    assert [(each.kind, each.category) for each in found] == [
        ("Repair", None), ("Hardware Support", None), ("Upgrade", "maintenance"),
        ("PAT test", "maintenance"),
    ]  # fmt: skip


def test_an_incident_iq_ticket_names_its_asset_by_the_assets_own_key() -> None:
    found = ticket("incident-iq-tickets")
    asset = record("incident-iq-assets")
    assert found.device_key == asset.key
    assert (found.issue, found.category, found.status) == ("Cracked Screen", "accident", "Closed")
    assert (found.opened_on, found.closed_on) == (date(2026, 2, 3), date(2026, 2, 10))


def test_a_ticket_without_an_id_goes_by_its_number() -> None:
    assert ticket("incident-iq-tickets", 0, {"TicketId": ""}).key == "20000"


def test_what_a_part_cost_stays_as_it_is_said() -> None:
    found = cast("PartRecord", record("incident-iq-parts"))
    assert (found.quantity, found.cost_cents) == (2.0, 4_495)
    assert (found.warranty_claim, found.student_damage) == (False, True)
    assert found.ticket_key == record("incident-iq-tickets").key


def test_a_part_of_no_ticket_is_refused_and_so_is_one_used_in_the_future() -> None:
    assert "which ticket" in refusal("incident-iq-parts", 0, {"TicketId": ""})
    day = (datetime.now(UTC) + timedelta(days=3)).date().isoformat()
    assert "used after today" in refusal("incident-iq-parts", 0, {"UsedDate": day})


def test_a_list_of_tickets_says_what_each_cost() -> None:
    found = ticket("tickets")
    assert (found.key, found.place) == ("INC-00000", "Peña HS")
    assert (found.cost_cents, found.parts_cents, found.labour_cents) == (14_900, 9_900, 5_000)
    assert found.category == "accident"


@pytest.mark.parametrize("key", ["tickets", "incident-iq-tickets", "snipe-it-maintenances"])
def test_what_was_closed_before_it_was_opened_is_refused(key: str) -> None:
    names = {
        "tickets": "Completed Date", "incident-iq-tickets": "ClosedDate",
        "snipe-it-maintenances": "completion_date",
    }  # fmt: skip
    assert "closed before it was opened" in refusal(key, 0, {names[key]: "2020-01-01"})


def test_what_was_opened_or_closed_in_the_future_is_refused() -> None:
    day = (datetime.now(UTC) + timedelta(days=3)).date().isoformat()
    assert "closed after today" in refusal("tickets", 0, {"Completed Date": day})
    also = {"Incident Date": day, "Completed Date": ""}
    assert "opened after today" in refusal("tickets", 0, also)


def test_tomorrow_has_begun_somewhere() -> None:
    day = (datetime.now(UTC) + timedelta(days=1)).date().isoformat()
    assert ticket("tickets", 0, {"Incident Date": day, "Completed Date": ""}).closed_on is None


def test_a_negative_cost_is_refused() -> None:
    assert "negative" in refusal("tickets", 0, {"Cost": "-149.00"})


def test_a_ticket_without_a_number_is_told_apart_by_its_device_day_and_type() -> None:
    assert ticket("tickets", 0, {"Incident #": ""}).key == "C020000000/2025-09-03/Liquid spill"
    nameless = {"Incident #": "", "Serial": "", "Asset Tag": ""}
    assert "which ticket" in refusal("tickets", 0, nameless)


def test_a_sentence_is_no_number_of_a_ticket() -> None:
    reason = refusal("tickets", 0, {"Incident #": "Dropped by Jordan on 4 May"})
    assert "number or a code" in reason
