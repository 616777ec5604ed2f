"""The dashboards in deploy: whole, and about metrics that there are."""

import json
import re
import subprocess
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from broadgauge_collector.sinks.points import FIELDS, MEASUREMENT, TAGS
from tests import dashboards
from tests.dashboards import FILES, FOLDER, panels, queries
from tests.docs.reference.metrics import exposed

METRIC = re.compile(r"\bbroadgauge_\w+")
LABELS = re.compile(r"\b(\w+)(?:=~|!~|!=|=)\"")
SENT = {f"{MEASUREMENT}_{name}" for names in FIELDS.values() for name in names}
ABOUT = {"broadgauge-server.json": "metrics", "broadgauge-results.json": "results"}

each_file = pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)


def there_are(file: Path) -> set[str]:
    return exposed() if ABOUT[file.name] == "metrics" else SENT


def test_each_dashboard_is_about_something_we_make() -> None:
    assert {file.name for file in FILES} == set(ABOUT)


@each_file
def test_each_metric_named_is_one_there_is(file: Path) -> None:
    asked = set(METRIC.findall(file.read_text()))
    assert asked <= there_are(file), asked - there_are(file)


def test_each_tag_named_is_one_that_is_sent() -> None:
    dashboard = dashboards.read(FOLDER / "broadgauge-results.json")
    named = {label for query in queries(dashboard) for label in LABELS.findall(query.expression)}
    assert named <= set(TAGS)


@each_file
def test_each_query_is_promql(file: Path, promtool: str, tmp_path: Path) -> None:
    rules = [
        {"record": f"query:{number}", "expr": query.filled}
        for number, query in enumerate(queries(dashboards.read(file)))
    ]
    written = tmp_path / "queries.yml"  # of which JSON is a part
    written.write_text(json.dumps({"groups": [{"name": "queries", "rules": rules}]}))
    said = subprocess.run(
        [promtool, "check", "rules", written], text=True, capture_output=True, check=False
    )
    assert said.returncode == 0, said.stdout + said.stderr


@each_file
def test_no_variable_is_left_unknown(file: Path) -> None:
    dashboard = dashboards.read(file)
    declared = {f"${variable['name']}" for variable in dashboard["templating"]["list"]}
    used = set(re.findall(r"\$\w+", " ".join(q.expression for q in queries(dashboard))))
    assert used - {"$__rate_interval", "$__interval"} <= declared
    assert not any("$" in query.filled for query in queries(dashboard))


@each_file
def test_each_panel_says_what_it_shows_and_overlaps_no_other(file: Path) -> None:
    dashboard = dashboards.read(file)
    shown = dashboard["panels"]
    assert len({panel["id"] for panel in shown}) == len(shown)
    for panel in panels(dashboard):
        assert panel["title"]
        assert panel["description"].endswith(".")
        assert panel["datasource"]["uid"] == "${datasource}"
        assert all(target["datasource"]["uid"] == "${datasource}" for target in panel["targets"])
    for one, other in combinations(shown, 2):
        assert not overlap(one["gridPos"], other["gridPos"]), (one["title"], other["title"])


def overlap(one: Any, other: Any) -> bool:
    beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
    below = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
    return not (beside or below)
