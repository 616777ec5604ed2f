"""What people's words for kinds, states and reasons are understood as, and what isn't."""

import pytest

from broadgauge_collector.imports.words import category_of, kind_of, state_of


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Chromebooks", "chromebook"), ("Chromebook Laptop", "chromebook"), ("Laptops", "laptop"),
        ("MacBook Air 13", "laptop"), ("Desktop", "desktop"), ("iPad", "tablet"),
        ("Wireless Access Points", "access_point"), ("AP-635", "access_point"),
        ("Core Switches", "switch"), ("Firewall", "firewall"), ("Monitors", "display"),
        ("Laptop Charger", "accessory"), ("Chromebook cart", "accessory"), ("Printer", "printer"),
        ("Laptop with charger", None), ("Laptops & Tablets", None), ("Computer", None),
        ("Trap", None), ("Observer", None), ("", None),
    ],
)  # fmt: skip
def test_a_kind_is_what_its_words_say_unless_they_say_two(text: str, kind: str | None) -> None:
    assert kind_of(text) == kind


def test_what_a_category_leaves_open_the_model_may_say() -> None:
    assert kind_of("Computers", "ThinkPad L13") == "laptop"
    assert kind_of(None, None) is None


@pytest.mark.parametrize(
    ("label", "state"),
    [
        ("Active", "in_service"), ("Inactive", None), ("In Use", "in_service"),
        ("Not in use", None),
        ("In Storage", "storage"), ("Loaner", "loaner"), ("Needs repair", "in_repair"),
        ("Repaired", None), ("Repair complete", None), ("Missing", "lost"), ("Found", None),
        ("Lost - recovered", None), ("Retired", "retired"), ("Beyond repair", "retired"),
        ("No longer in use", "retired"), ("To be recycled", None), ("Assigned (loaner)", "loaner"),
        ("Unassigned", None), ("Retired or in storage", None), ("", None),
    ],
)  # fmt: skip
def test_a_state_is_what_a_label_says_unless_it_can_be_read_otherwise(
    label: str, state: str | None
) -> None:
    assert state_of(label) == state


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("Cracked Screen", "accident"), ("Accidental damage", "accident"), ("Theft", "theft"),
        ("Lost Device", "loss"), ("Lost/Stolen", "loss"), ("Won't charge", "failure"),
        ("Hardware Failure", "failure"), ("PAT test", "maintenance"),
        ("Password reset", "request"), ("Other", "other"), ("Screen", None),
        ("Damaged, not working", None), ("Network drop", None),
    ],
)  # fmt: skip
def test_a_ticket_is_of_the_category_that_its_words_say(text: str, category: str | None) -> None:
    assert category_of(text) == category
