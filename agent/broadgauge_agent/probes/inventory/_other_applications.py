"""Systems whose installed applications nobody knows how to ask for."""

Found = list[tuple[str, str | None]]


def installed() -> Found | None:
    """Unknown."""
    return None
