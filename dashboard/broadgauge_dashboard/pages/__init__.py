"""The pages. Each registers its address and callbacks when imported; layouts read nothing."""

from . import agents, not_found, one_test, overview, school

__all__ = ["agents", "not_found", "one_test", "overview", "school"]
