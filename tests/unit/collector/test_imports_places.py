"""A place is kept if it is a school or looks like a place; who somebody is never is."""

import pytest

from broadgauge_collector.imports.places_kept import kept_place
from broadgauge_collector.imports.values import asset_tag, label, number_or_none, serial

SCHOOLS = {"lincoln", "smith, jane memorial"}


def kept(said: str) -> str | None:
    return kept_place(said, lambda name: name.casefold() in SCHOOLS)


@pytest.mark.parametrize(
    "place",
    [
        "Lincoln", "Smith, Jane Memorial", "Maple Grove Elementary", "Washington MS", "Peña HS",
        "École Jeanne d'Arc", "St. Mary's School", "LES", "PS 118", "B-204", "Room 12", "Warehouse",
        "Technology Department", "/Students/Lincoln/Grade 5", "/LES", "/Elsewhere",
        "/Maple Grove/Staff",
    ],
)  # fmt: skip
def test_schools_buildings_rooms_and_units_are_kept(place: str) -> None:
    assert kept(place) == place


@pytest.mark.parametrize(
    "place",
    [
        "Smith, Jane", "Smith, Jane Q.", "van Dyke, Anneke", "Jane Smith", "jane.smith",
        "jsmith31", "Smith 12", "jane@school.example", "Ms. Smith's Room", "Mr Smith",
        "Jane's desk", "O'Neil, Kim", "/jane.smith", "/Smith, Jane", "x" * 300,
    ],
)  # fmt: skip
def test_people_are_not(place: str) -> None:
    assert kept(place) is None


@pytest.mark.parametrize(
    ("place", "left"),
    [
        ("/Students/Lincoln/Jane Smith", "/Students/Lincoln"),
        ("/Students/Lincoln/Grade 5/Jane Smith", "/Students/Lincoln/Grade 5"),
        ("/Staff/jane.smith/laptops", "/Staff"),
        ("/Staff/Smith, Jane", "/Staff"),
    ],
)
def test_a_path_is_kept_up_to_who_is_in_it(place: str, left: str) -> None:
    assert kept(place) == left


@pytest.mark.parametrize("name", ["Jane Smith", "JSMITH", "jane.smith", "jane.smith2", "Jane S 2"])
def test_a_name_is_no_serial_number_and_no_asset_tag(name: str) -> None:
    assert serial("Jane Smith Lee 2") is None
    if name != "Jane S 2":
        assert (serial(name), asset_tag(name), number_or_none(name)) == (None, None, None)


@pytest.mark.parametrize(
    "number", ["5CD0123XYZ", "PF0ABC12", "KXWQNTRDVN", "VMware-56 4d 1f 2b", "00123"]
)
def test_numbers_of_machines_are_serial_numbers(number: str) -> None:
    assert serial(number) == number.upper().replace(" ", "")


@pytest.mark.parametrize("tag", ["WMS-0031", "CART 12", "ESSER-III-001", "123"])
def test_numbers_of_things_are_asset_tags(tag: str) -> None:
    assert asset_tag(tag) == tag


def test_a_hardware_address_is_neither_a_tag_nor_a_word() -> None:
    assert asset_tag("02c0ffee5a17") is None
    for reader in (serial, asset_tag, label):
        with pytest.raises(ValueError, match="hardware address"):
            reader("02:c0:ff:ee:5a:17")


@pytest.mark.parametrize(
    "said", ["Cracked screen", "E-Rate Category 2", "Byte, Bolt & Co", "Out for repair", "Closed"]
)
def test_labels_are_kept(said: str) -> None:
    assert label(said) == said


@pytest.mark.parametrize(
    "said",
    [
        "Jane dropped it. Screen broken", "Mr. Smith's donation", "Assigned to Jane", "jane.smith",
        "her keyboard", "it fell down while she was running",
    ],
)  # fmt: skip
def test_what_somebody_said_is_no_label(said: str) -> None:
    assert label(said) is None
