"""Tests to a LibreSpeed server."""
