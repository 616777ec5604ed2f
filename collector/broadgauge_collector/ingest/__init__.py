"""Bytes to validated batches, committed exactly once."""

from .ingest import Ingest

__all__ = ["Ingest"]
