from typing import Any

import pytest

from broadgauge_collector.errors import NotFound
from broadgauge_dashboard.pages import agents, not_found, overview, school
from broadgauge_dashboard.query import days_of, overview_query, school_of, target_choices, target_of
from tests.unit.dashboard.seeing import walk


def test_an_address_without_a_query_shows_every_school_against_the_default_target() -> None:
    query = overview_query()
    assert (query.target, query.days, query.sort, query.show, query.text) == (
        "fcc-1mbps", 30, "attention", "all", "",
    )  # fmt: skip


def test_what_an_address_says_is_what_is_asked() -> None:
    query = overview_query(target="setda-2012", days="90", sort="name", show="below", q=" linc ")
    assert (query.target, query.days, query.sort, query.show, query.text) == (
        "setda-2012", 90, "name", "below", "linc",
    )  # fmt: skip


@pytest.mark.parametrize("nonsense", ["", "x", None, "-1", ["30", "90"], {}, "1e3"])
def test_nonsense_in_an_address_is_the_default(nonsense: object) -> None:
    assert target_of(nonsense) == "fcc-1mbps"
    assert days_of(nonsense) == 30
    everything = overview_query(
        target=nonsense, days=nonsense, sort=nonsense, show=nonsense, other=nonsense
    )
    assert everything == overview_query()


def test_every_target_can_be_chosen() -> None:
    values = [item["value"] for group in target_choices() for item in group["items"]]
    assert "giga-2030" in values
    assert len(values) == len(set(values))


@pytest.mark.parametrize(
    "layout", [overview.layout, school.layout, agents.layout, not_found.layout]
)
def test_every_layout_takes_whatever_an_address_says(layout: object) -> None:
    assert callable(layout)
    assert list(walk(layout(target="x", days=["1", "2"], school=["a"], anything="else")))


def test_controls_start_as_the_address_says() -> None:
    page = overview.layout(target="setda-2012", days="90", sort="name", show="below", q="linc")
    values = {getattr(c, "id", None): getattr(c, "value", None) for c in walk(page)}
    assert values["target"] == "setda-2012"
    assert (values["days"], values["sort"]) == ("90", "name")
    assert (values["show"], values["text"]) == ("below", "linc")


@pytest.mark.parametrize("given", [None, "", "zzz", 5, ["x"], "01890000"])
def test_what_can_be_no_schools_id_is_not_found(given: Any) -> None:
    with pytest.raises(NotFound, match="no such school"):
        school_of(given)
