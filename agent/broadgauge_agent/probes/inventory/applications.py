"""What is installed for everybody on this machine. Read only where the district asks for it.

Nothing of a user's own folder, and nothing of how often or by whom anything is used.
"""

import sys
from collections.abc import Iterable

from broadgauge_wire import Application

from .facts import real_text

if sys.platform == "linux":
    from ._linux_applications import installed
elif sys.platform == "win32":
    from ._windows_applications import installed
elif sys.platform == "darwin":
    from ._darwin_applications import installed
else:
    from ._other_applications import installed

MAX_APPLICATIONS = 300
MAX_NAME, MAX_VERSION = 100, 50
"""Characters. What is longer is cut: one inventory isn't to outgrow all other results."""


def read_applications() -> tuple[Application, ...] | None:
    """By name, each once a version; None where no source answered."""
    found = installed()
    return None if found is None else listed(found)


def listed(found: Iterable[tuple[str, str | None]]) -> tuple[Application, ...]:
    """What was found, in order and without what is no name. An address in a name may be
    somebody's, so such a name is left out."""
    named = {
        (name[:MAX_NAME], (version or "").strip()[:MAX_VERSION])
        for said, version in found
        if (name := real_text(said)) and "@" not in name
    }
    ordered = sorted(named, key=lambda one: (one[0].casefold(), one))
    return tuple(
        Application(name=name, version=version or None)
        for name, version in ordered[:MAX_APPLICATIONS]
    )
