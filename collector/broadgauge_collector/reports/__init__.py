"""What pages, API and exports show: one set of functions for all three."""

from .fleet import agents
from .judging import verdicts
from .model import (
    AgentRow,
    AgentState,
    LinkVerdict,
    Overview,
    Point,
    Reading,
    SchoolReport,
    SchoolSummary,
    TestRow,
)
from .school_report import school
from .summary import overview

__all__ = [
    "AgentRow",
    "AgentState",
    "LinkVerdict",
    "Overview",
    "Point",
    "Reading",
    "SchoolReport",
    "SchoolSummary",
    "TestRow",
    "agents",
    "overview",
    "school",
    "verdicts",
]
