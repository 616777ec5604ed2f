"""Checks of everything the agent needs. Each says whether it is well and, if not, what to do."""

from .examine import examine

__all__ = ["examine"]
