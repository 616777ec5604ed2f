"""Why a test has no say on a line's need, in words for its row."""

from typing import Literal, get_args

Exclusion = Literal[
    "failed",
    "no_rate",
    "simulated",
    "loopback",
    "vpn",
    "failover",
    "unknown_path",
    "web_page",
    "other_protocol",
    "public_server",
    "not_planned",
    "group_part",
    "before_change",
    "no_need",
    "unknown_ceiling",
    "machine_too_slow",
    "school_hours",
    "other_days_decide",
    "since_evaluation",
]

EXCLUSIONS: tuple[Exclusion | None, ...] = (None, *get_args(Exclusion))
"""In columns an exclusion is its place here; 0 where there is none."""


def place_of(exclusion: str) -> int:
    """Its number in columns. KeyError for a word that is no exclusion."""
    return PLACES[exclusion]


PLACES: dict[str, int] = {why: place for place, why in enumerate(EXCLUSIONS) if why is not None}

WHY_NOT: dict[Exclusion, str] = {
    "failed": "The test failed.",
    "no_rate": "The test has no rate.",
    "simulated": "Made up for a demonstration, and this line has real tests.",
    "loopback": "Measured inside one machine.",
    "vpn": "Went over a VPN, not this line alone.",
    "failover": "Went over a stand-in for this line, such as a mobile network.",
    "unknown_path": "It is not known which way the test went.",
    "web_page": "Made by a web page: it shows what a room gets, and is never judged.",
    "other_protocol": (
        "Measured by a protocol that often reads low: shown for comparison, never judged."
    ),
    "public_server": "Went to a public server, beyond the district's own lines: never judged.",
    "not_planned": "Started by hand: only planned and group tests count.",
    "group_part": "One agent's part in a group test: the sum of all parts counts.",
    "before_change": (
        "Made before this line was changed, or on the day of it: it says nothing about the line "
        "as it is now."
    ),
    "no_need": "The need is unknown.",
    "unknown_ceiling": "It is not known how fast a line the testing computer could have seen.",
    "machine_too_slow": (
        "The testing computer could not have seen the need: use a faster one, on a cable, or "
        "several at once in a group test."
    ),
    "school_hours": (
        "Made in school hours: shows what others left over, and counts only where it reached."
    ),
    "other_days_decide": (
        "No closed-hours test counts that day, and the days that have one are judged without it."
    ),
    "since_evaluation": "Made since the last evaluation: it counts in that of this week.",
}
