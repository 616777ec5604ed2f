"""What Grafana would ask: the queries of the dashboards in deploy, their variables filled in."""

import json
from pathlib import Path
from typing import Any, NamedTuple

FOLDER = Path(__file__).parent.parent / "deploy" / "grafana"
FILES = sorted(FOLDER.glob("*.json"))
VARIABLES = {
    "$school": ".*",
    "$link": ".*",
    "$simulated": "false",
    "$__rate_interval": "5m",
    "$__interval": "8d",
}


class Query(NamedTuple):
    """An expression, and the panel that shows it."""

    panel: str
    expression: str

    @property
    def filled(self) -> str:
        """As Grafana sends it."""
        said = self.expression
        for name, value in VARIABLES.items():
            said = said.replace(name, value)
        return said


def read(file: Path) -> Any:
    return json.loads(file.read_text())


def panels(dashboard: Any) -> list[Any]:
    """Those that show something."""
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def queries(dashboard: Any) -> list[Query]:
    """Every query of every panel."""
    return [
        Query(panel["title"], target["expr"])
        for panel in panels(dashboard)
        for target in panel["targets"]
    ]
