"""The pages. Each registers its address and callbacks when imported; layouts read nothing."""

from . import agents, kept_aside, not_found, one_test, overview, school, simulated, storage

__all__ = [
    "agents",
    "kept_aside",
    "not_found",
    "one_test",
    "overview",
    "school",
    "simulated",
    "storage",
]
