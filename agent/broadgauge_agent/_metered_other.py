"""Systems that nothing is known of."""


def is_metered(_interface: str) -> bool:
    """Not known."""
    return False
