"""Names in the data directory that upkeep works with."""

from pathlib import Path
from typing import Literal

from ..config import CONTROL_FILE, ServerConfig

ResultsKeeper = Literal["duckdb", "clickhouse"]

RESULTS = "results"
HOT = "hot.duckdb"
SEALED = "sealed"
BACKUPS = "backups"
AGENT = "agent"
SETTINGS_FILE = "server.toml"
ERASURES = "erasures.json"
ASIDE = "before-restore-"
"""How the name of a folder begins that has what a restore put aside."""


def control_file(config: ServerConfig) -> Path | None:
    """The control database's file; None where PostgreSQL has it."""
    return config.data / CONTROL_FILE if config.control_url is None else None


def keeper_of_results(config: ServerConfig) -> ResultsKeeper:
    """What keeps the results."""
    return "duckdb" if config.results_url is None else "clickhouse"


def put_aside(data: Path) -> tuple[Path, ...]:
    """Folders with data from before a restore."""
    return tuple(sorted(data.glob(f"{ASIDE}*")))
