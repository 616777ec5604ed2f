"""Python's garbage collector, as a server needs it.

It looks for cycles each time some hundred objects were made. A batch makes thousands, and none of
them is in a cycle: looking through them again and again took more time than storing them.
"""

import gc

NEW_OBJECTS = 50_000
"""Made before the youngest are looked through: a few batches' worth."""

YOUNGER = (20, 50)
"""How often the younger are looked through before the older ones are."""


def collect_seldom() -> None:
    """Once everything is imported and opened: what is there now stays, and isn't looked at again;
    what comes is looked through seldom."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS, *YOUNGER)
