"""The alert rules in deploy: each fires in one case and is silent in another, and asks for metrics
that the server has."""

import re
import subprocess
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.docs.reference.metrics import exposed

FOLDER = Path(__file__).parents[2] / "deploy" / "prometheus"
RULES = FOLDER / "broadgauge.rules.yml"
CASES = FOLDER / "broadgauge.rules.test.yml"
METRIC = re.compile(r"\bbroadgauge_\w+")


def read(file: Path) -> Any:
    return yaml.safe_load(file.read_text())


def rules() -> list[dict[str, Any]]:
    return [rule for group in read(RULES)["groups"] for rule in group["rules"]]


def promtool_says(promtool: str, *arguments: str) -> None:
    said = subprocess.run(
        [promtool, *arguments], cwd=FOLDER, text=True, capture_output=True, check=False
    )
    assert said.returncode == 0, said.stdout + said.stderr


def test_each_alert_does_what_its_cases_say(promtool: str) -> None:
    promtool_says(promtool, "check", "rules", RULES.name)
    promtool_says(promtool, "test", "rules", CASES.name)


def test_each_alert_has_a_case_in_which_it_fires_and_one_in_which_it_does_not() -> None:
    cases = defaultdict[str, set[bool]](set)
    for case in read(CASES)["tests"]:
        for check in case["alert_rule_test"]:
            cases[check["alertname"]].add(bool(check["exp_alerts"]))
    assert cases == {rule["alert"]: {True, False} for rule in rules()}


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: str(rule["alert"]))
def test_what_a_rule_asks_for_is_exposed(rule: dict[str, Any]) -> None:
    asked = set(METRIC.findall(rule["expr"]))
    assert asked <= exposed(), asked - exposed()
    assert asked or "up{" in rule["expr"]


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: str(rule["alert"]))
def test_a_rule_says_what_is_wrong_and_what_to_do(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in {"info", "warning", "critical"}
    assert rule["annotations"]["summary"]
    assert rule["annotations"]["description"].rstrip().endswith(".")


def test_the_example_is_a_configuration(promtool: str, tmp_path: Path) -> None:
    token = tmp_path / "broadgauge.token"
    token.write_text("bgu_x")
    example = (FOLDER / "prometheus.yml").read_text()
    here = example.replace("/etc/prometheus/broadgauge.token", str(token))
    (tmp_path / "prometheus.yml").write_text(here)
    (tmp_path / RULES.name).write_text(RULES.read_text())
    promtool_says(promtool, "check", "config", str(tmp_path / "prometheus.yml"))
