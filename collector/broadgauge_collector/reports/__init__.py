"""What pages, API and exports show: one set of functions for all three."""

from ..store.questions import ReadingKind
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
    TestReport,
    TestRow,
)
from .school_report import school
from .summary import overview
from .test_report import test

__all__ = [
    "AgentRow",
    "AgentState",
    "LinkVerdict",
    "Overview",
    "Point",
    "Reading",
    "ReadingKind",
    "SchoolReport",
    "SchoolSummary",
    "TestReport",
    "TestRow",
    "agents",
    "overview",
    "school",
    "test",
    "verdicts",
]
