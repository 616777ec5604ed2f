"""Foreign text in our own lines."""

MAX_WORDS = 300
"""Characters of the other side's words that go into a log line or message."""


def printable(text: str) -> str:
    """Foreign text made safe for one line: no control characters, not endless."""
    return "".join(c if c.isprintable() else "?" for c in text[:MAX_WORDS])
