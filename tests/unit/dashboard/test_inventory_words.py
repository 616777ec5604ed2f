"""What the inventory's pages say keeps up with what the collector has."""

from typing import Any

import pytest

from broadgauge_collector.fleet.merging import AGENT, HAND
from broadgauge_collector.fleet.questions import Asked
from broadgauge_collector.imports.formats import all_formats
from broadgauge_collector.imports.listing import FormatRow, listed_formats
from broadgauge_collector.imports.model import DeviceRecord
from broadgauge_dashboard.device_address import CHOSEN, MORE
from broadgauge_dashboard.views.device_words import SOURCES, source_name
from broadgauge_dashboard.views.devices import filters_line
from broadgauge_dashboard.views.imports import zone
from tests.unit.dashboard.seeing import texts, walk

HOSTILE = "<img src=x onerror=window.owned=1>"


def format_row(key: str) -> FormatRow:
    return next(each for each in listed_formats() if each.key == key)


def test_all_that_devices_can_be_asked_for_has_a_word_in_the_address() -> None:
    assert set(Asked.__struct_fields__) - {*CHOSEN, *MORE} == {"search"}


def test_every_source_of_devices_can_be_chosen() -> None:
    imported = {each.source for each in all_formats().values() if each.record is DeviceRecord}
    assert set(SOURCES) == {AGENT, HAND, *imported}


def test_a_source_that_nobody_named_is_shown_as_it_is() -> None:
    assert source_name("acme") == "acme"


@pytest.mark.parametrize("key", ["google-admin", "tickets"])
def test_a_table_says_which_headings_are_looked_for(key: str) -> None:
    words = texts(zone(format_row(key), {}))
    assert format_row(key).example in words
    assert "The usual headings are looked for." in words


def test_what_was_said_of_columns_is_shown() -> None:
    words = texts(zone(format_row("tickets"), {"opened_on": HOSTILE}))
    assert f"Opened is in \u201c{HOSTILE}\u201d" in words


def test_what_is_no_single_table_has_no_columns_to_name() -> None:
    assert "other headings" not in texts(zone(format_row("oneroster"), {}))


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"model": ""}, "Model: not known"),
        ({"year": "2022"}, "Bought in 2022"),
        ({"idle_below": "3"}, "On under 3 hours a week"),
        ({"conflicts": "false"}, "Sources agree"),
        ({"vanished": "true"}, "In no source any more"),
        ({"make": HOSTILE}, f"Make: {HOSTILE}"),
    ],
)
def test_a_filter_is_said_in_words(said: dict[str, str], expected: str) -> None:
    line = filters_line(said)
    assert expected in texts(line)
    assert {type(each).__name__ for each in walk(line)} <= {"P", "Span", "A", "str"}


def test_what_controls_show_is_not_said_twice() -> None:
    chosen: dict[str, Any] = {"school": "Lincoln", "q": "hp", "only": "conflicts"}
    assert filters_line(chosen) is None
