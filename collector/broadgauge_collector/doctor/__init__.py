"""Checks of everything the server needs. Each says whether it is well and, if not, what to do."""

from .examine import examine
from .plan import Plan

__all__ = ["Plan", "examine"]
