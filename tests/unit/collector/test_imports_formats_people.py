"""No format takes a word of who uses a device, and none keeps one in a refused row."""

import io

import msgspec
import pytest

from broadgauge_collector.imports.formats import all_formats
from broadgauge_collector.imports.model import Refused, Taken
from broadgauge_collector.imports.reading import read
from broadgauge_collector.imports.recognizing import recognized
from tests.unit.collector.example_exports import EXAMPLES, PEOPLE, as_csv, of_row, outcomes

ASKED_NOWHERE = {
    "annotateduser", "mostrecentuser", "recentusers", "annotatedlocation", "annotatednotes",
    "notes", "checkedoutto", "assigneduser", "devicename", "userprincipalname", "subject",
    "description", "user", "email", "owner", "requestor", "name", "assetname", "title",
}  # fmt: skip


@pytest.mark.parametrize("key", EXAMPLES)
def test_every_row_of_an_export_is_taken_and_none_of_its_people(key: str) -> None:
    example = EXAMPLES[key]
    data = as_csv(example.header, example.rows(12))
    assert any(person in data.decode() for person in PEOPLE)
    found = outcomes(key, data)
    assert [type(row) for row in found] == [Taken] * 12
    assert not _people_in(found)


@pytest.mark.parametrize("key", EXAMPLES)
def test_a_refused_row_keeps_no_word_of_its_people(key: str) -> None:
    example = EXAMPLES[key]
    for n, heading in enumerate(example.header):
        found = of_row(key, also={heading: "2024-99-99 \x07" * 30})
        assert not _people_in([found]), n


@pytest.mark.parametrize("key", EXAMPLES)
def test_an_e_mail_address_in_a_column_that_is_asked_for_is_never_kept(key: str) -> None:
    example = EXAMPLES[key]
    asked = {name for c in all_formats()[key].columns for name in map(_plain, c.names)}
    for heading in example.header:
        if _plain(heading) in asked:
            found = of_row(key, also={heading: "javery31@students.example.org"})
            assert not _people_in([found]), heading


@pytest.mark.parametrize("key", EXAMPLES)
def test_no_column_is_asked_for_that_has_people_in_it(key: str) -> None:
    names = {_plain(name) for column in all_formats()[key].columns for name in column.names}
    assert not names & ASKED_NOWHERE


@pytest.mark.parametrize("key", sorted(EXAMPLES.keys() - {"devices"}))
def test_an_export_is_recognized_as_what_it_is(key: str) -> None:
    example = EXAMPLES[key]
    file = io.BytesIO(as_csv(example.header, example.rows(3)))
    assert recognized(file, all_formats().values())[0].key == key
    assert list(read(all_formats()[key], file))


def test_a_plain_list_is_recognized_as_a_list_of_devices() -> None:
    header = ("Serial Number", "Asset Tag", "Type", "Make", "Model", "School", "Status")
    file = io.BytesIO(as_csv(header, [("C02X1", "RHS-1", "Laptop", "Apple", "Air", "RHS", "")]))
    assert recognized(file, all_formats().values())[0].key == "devices"


def test_every_format_says_how_to_get_its_file() -> None:
    formats = [all_formats()[key] for key in (*EXAMPLES, "glpi")]
    assert [f.key for f in formats if len(f.example) < 40 or f.example.count(". ") > 0] == []


def _people_in(found: list[Taken | Refused]) -> list[str]:
    text = msgspec.json.encode(found).decode()
    return [person for person in PEOPLE if person in text]


def _plain(heading: str) -> str:
    return "".join(c for c in heading.casefold() if c.isalnum())
