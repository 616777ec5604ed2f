"""The how-to pages name every alert, tag and field there is."""

import re
from pathlib import Path

import yaml

from broadgauge_collector.sinks.points import EVERY_KIND, FIELDS, TAGS

ROOT = Path(__file__).parents[2]
HOW_TO = ROOT / "docs" / "how-to"
NAMED = re.compile(r"`(\w+)`")


def rows(page: str) -> dict[str, set[str]]:
    """What the second cells of a page's tables name in code, by what the first cells do."""
    found: dict[str, set[str]] = {}
    for line in (HOW_TO / page).read_text().splitlines():
        if line.startswith("| ") and line.count("|") == 3:
            first, second = line.strip("| ").split(" | ")
            for name in NAMED.findall(first) or [first]:
                found[name] = set(NAMED.findall(second))
    return found


def test_every_alert_is_explained() -> None:
    rules = yaml.safe_load((ROOT / "deploy/prometheus/broadgauge.rules.yml").read_text())
    alerts = {rule["alert"] for group in rules["groups"] for rule in group["rules"]}
    assert alerts == {name for name in rows("prometheus.md") if name.startswith("Broadgauge")}


def test_every_tag_and_field_is_named() -> None:
    named = rows("influxdb-and-grafana.md")
    assert set(TAGS) <= named.keys()
    assert named["every kind"] == set(EVERY_KIND)
    for kind, fields in FIELDS.items():
        assert named[kind] == set(fields) - set(EVERY_KIND)
