"""Tables of when updates of operating systems end, looked up in November 2026.

Windows: https://learn.microsoft.com/lifecycle/products and the pages of release information under
https://learn.microsoft.com/windows/release-health. Ubuntu: https://ubuntu.com/about/release-cycle;
where sources name two months, the earlier. Debian: https://wiki.debian.org/LTS. macOS: the days on
which versions came.
"""

from datetime import date
from typing import Final, NamedTuple


class WindowsRelease(NamedTuple):
    """A version of Windows, and its last days with updates by edition; None: there is none."""

    label: str
    home_pro: date | None
    """Home, Pro, Pro Education, Pro for Workstations, SE."""
    enterprise: date | None
    """Enterprise, Education, IoT Enterprise."""
    ltsc: date | None = None
    """Enterprise LTSC, once called LTSB."""
    iot_ltsc: date | None = None


WINDOWS: Final = {
    10240: WindowsRelease("1507", date(2017, 5, 9), date(2017, 5, 9), date(2025, 10, 14),
                          date(2025, 10, 14)),
    10586: WindowsRelease("1511", date(2017, 10, 10), date(2017, 10, 10)),
    14393: WindowsRelease("1607", date(2018, 4, 10), date(2019, 4, 9), date(2026, 10, 13),
                          date(2026, 10, 13)),
    15063: WindowsRelease("1703", date(2018, 10, 9), date(2019, 10, 8)),
    16299: WindowsRelease("1709", date(2019, 4, 9), date(2020, 10, 13)),
    17134: WindowsRelease("1803", date(2019, 11, 12), date(2021, 5, 11)),
    17763: WindowsRelease("1809", date(2020, 11, 10), date(2021, 5, 11), date(2029, 1, 9),
                          date(2029, 1, 9)),
    18362: WindowsRelease("1903", date(2020, 12, 8), date(2020, 12, 8)),
    18363: WindowsRelease("1909", date(2021, 5, 11), date(2022, 5, 10)),
    19041: WindowsRelease("2004", date(2021, 12, 14), date(2021, 12, 14)),
    19042: WindowsRelease("20H2", date(2022, 5, 10), date(2023, 5, 9)),
    19043: WindowsRelease("21H1", date(2022, 12, 13), date(2022, 12, 13)),
    19044: WindowsRelease("21H2", date(2023, 6, 13), date(2024, 6, 11), date(2027, 1, 12),
                          date(2032, 1, 13)),
    19045: WindowsRelease("22H2", date(2025, 10, 14), date(2025, 10, 14)),
    22000: WindowsRelease("21H2", date(2023, 10, 10), date(2024, 10, 8)),
    22621: WindowsRelease("22H2", date(2024, 10, 8), date(2025, 10, 14)),
    22631: WindowsRelease("23H2", date(2025, 11, 11), date(2026, 11, 10)),
    26100: WindowsRelease("24H2", date(2026, 10, 13), date(2027, 10, 12), date(2029, 10, 9),
                          date(2034, 10, 10)),
    26200: WindowsRelease("25H2", date(2027, 10, 12), date(2028, 10, 10)),
    28000: WindowsRelease("26H1", date(2028, 3, 14), date(2029, 3, 13)),
}  # fmt: skip
"""By build. Numbers under 22000 are Windows 10."""

OLD_WINDOWS: Final = {
    "6.1": date(2020, 1, 14),
    "6.2": date(2016, 1, 12),
    "6.3": date(2023, 1, 10),
}
"""By version: Windows 7, 8 and 8.1, as anybody had it without paying for more."""

UBUNTU: Final = {
    "16.04": date(2021, 4, 30),
    "18.04": date(2023, 5, 31),
    "20.04": date(2025, 5, 31),
    "22.04": date(2027, 4, 30),
    "24.04": date(2029, 4, 30),
    "26.04": date(2031, 4, 30),
}

DEBIAN: Final = {
    "9": date(2022, 6, 30),
    "10": date(2024, 6, 30),
    "11": date(2026, 8, 31),
    "12": date(2028, 6, 30),
    "13": date(2030, 6, 30),
}

MACOS: Final = {
    "10.12": date(2016, 9, 20),
    "10.13": date(2017, 9, 25),
    "10.14": date(2018, 9, 24),
    "10.15": date(2019, 10, 7),
    "11": date(2020, 11, 12),
    "12": date(2021, 10, 25),
    "13": date(2022, 10, 24),
    "14": date(2023, 9, 26),
    "15": date(2024, 9, 16),
    "26": date(2025, 9, 15),
}
"""Days on which they came, in their order."""
