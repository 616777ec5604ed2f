"""Whether a keyboard is there, from the chassis and the devices that Windows takes for keyboards.

Those alone don't do: a tablet's buttons are among them, and so is a remote desktop's keyboard. That
there is none Windows never says for sure.
"""

from ._windows_rows import Answers, number, rows_of, text_of

LAPTOPS = frozenset({8, 9, 10, 14, 31})
"""SMBIOS 7.4.1: portable, laptop, notebook, sub notebook, convertible."""

MAY_HAVE_NONE = frozenset({11, 30, 32})
"""Hand held, tablet, detachable."""

MADE_UP = ("ROOT\\", "TERMINPUT_BUS\\", "SWD\\")
"""Of programs and remote desktops, by the bus they are on."""


def read_keyboard(answers: Answers) -> bool | None:
    """True if one is built in or plugged in; None if that can't be told."""
    chassis = next((number(row.get("Type")) for row in rows_of(answers, "chassis")), None)
    if chassis in LAPTOPS:
        return True
    if chassis is None or chassis in MAY_HAVE_NONE:
        return None
    rows = rows_of(answers, "keyboards")
    places = (text_of([row], "PNPDeviceID") for row in rows)
    return (
        True if any(place and not place.upper().startswith(MADE_UP) for place in places) else None
    )
