"""Figures that judgements of devices rest on, each with its source. The district edits them where
it edits what needs rest on, also for one school."""

from ..capacity.models import ASSUMPTION, FLEET, GUIDE, Assumption, Unit

SMARTER_BALANCED = "Smarter Balanced, Student Device and Secure Browser Requirements"


def _figure(
    key: str, title: str, value: float, unit: Unit, most: float, meaning: str,
    source: str = ASSUMPTION, *, ends: tuple[float, float] | None = None, least: float = 0.0,
) -> Assumption:  # fmt: skip
    low, high = ends or (value, value)
    return Assumption(
        key=FLEET + key, title=title, value=value, low=low, high=high, unit=unit,
        bounds=(least, most), meaning=meaning, source=source,
    )  # fmt: skip


_ALL = (
    _figure(
        "assessment.inches", "Assessment: smallest screen", 9.5, "inches", 100.0,
        "Diagonal that a device for the state's assessment has at least",
        f"{SMARTER_BALANCED}: 9.5 inches, called the 10-inch class; {GUIDE}: 10 inches, not 7",
    ),
    _figure(
        "assessment.keyboard", "Assessment: a physical keyboard", 1.0, "yes or no", 1.0,
        "1 if a device for the assessment must have a physical keyboard, 0 if not",
        f"{SMARTER_BALANCED}; {GUIDE}",
    ),
    _figure(
        "assessment.supported", "Assessment: system in support", 1.0, "yes or no", 1.0,
        "1 if its operating system must still get updates, 0 if not",
        f"{SMARTER_BALANCED}: supported by the provider of the tests",
    ),
    _figure(
        "assessment.at_once", "Assessment: students tested at once", 0.33, "ratio", 1.0,
        "Share of a school's students who are tested at the same time: its seats needed",
        f"{ASSUMPTION}; {GUIDE}: enough devices for the assessment is the floor (no number)",
        ends=(0.2, 0.5),
    ),
    _figure(
        "taken.inches", "Screen of laptops that no source tells", 11.0, "inches", 100.0,
        "Diagonal that a laptop or Chromebook is taken to have where no source says; 0: unknown",
    ),
    _figure(
        "staff_devices", "Devices kept by staff", 0.0, "devices", 10.0,
        "Devices of the inventory that each member of staff keeps, so that no student has them",
    ),
    _figure(
        "idle_below", "Underused below", 5.0, "h/week", 168.0,
        "A device that is on for less is underused and can be pooled; so is one in storage",
        f"{ASSUMPTION}; {GUIDE}: underused computers can be pooled (no number)",
    ),
    _figure(
        "per_technician", "Devices for each technician", 500.0, "devices", 100_000.0,
        "Devices of the district that one person supports, students' own not counted",
        f"{GUIDE}: with fewer than one person for 500 devices, hire",
        least=1.0,
    ),
)  # fmt: skip

FIGURES = {figure.key: figure for figure in _ALL}
