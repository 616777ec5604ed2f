"""The server command `broadgauge`. Data goes to standard output, words to standard error."""

from .main import cli, main

__all__ = ["cli", "main"]
