"""What made-up schools buy: models that nobody makes, so that nobody takes their repairs for real
ones."""

from typing import NamedTuple


class Model(NamedTuple):
    """A model. Years count back from the school year that it is simulated in.

    `bought` says in which years schools ordered it, `released` when it came out, and updates end so
    many years later. Failures at age t follow the hazard k/s (t/s)^(k-1), a Weibull's, with the
    shape k and scale s in years; `accidents` are those of a year.
    """

    kind: str
    make: str
    name: str
    bought: tuple[int, ...]
    released: int
    update_years: int | None
    price: int
    warranty_months: int
    inches: float
    memory_gib: int
    disk_gib: int
    wifi: str
    system: tuple[str, str]
    shape: float
    scale_years: float
    accidents: float
    has_keyboard: bool = True


CHROME = ("ChromeOS", "140.0.7339.242")
CHROMEBOOKS = (
    Model("Chromebook", "Tinker Computers", "Tinker Pebble 11", (7, 6, 5), 8, 8, 219, 12, 11.6, 4,
          16, "802.11ac", CHROME, 1.7, 4.6, 0.11),
    Model("Chromebook", "Tinker Computers", "Tinker Pebble 11 G2", (5, 4, 3), 6, 10, 249, 12, 11.6,
          4, 32, "802.11ac", CHROME, 1.5, 6.4, 0.09),
    Model("Chromebook", "Waffle Devices", "Waffle 14e", (4, 3), 5, 8, 279, 12, 14.0, 4, 32,
          "802.11ac", CHROME, 2.0, 3.4, 0.14),
    Model("Chromebook", "Kazoo", "Kazoo Flip 12", (3, 2, 1), 4, 10, 339, 36, 12.2, 8, 64,
          "802.11ax", CHROME, 1.4, 7.5, 0.12),
    Model("Chromebook", "Tinker Computers", "Tinker Quill 11", (1, 0), 2, 10, 299, 36, 11.6, 8, 64,
          "802.11ax", CHROME, 1.5, 8.0, 0.08),
)  # fmt: skip
LAPTOPS = (
    Model("Laptop", "Lantern", "Lantern Book 14", (6, 5, 4), 6, None, 689, 36, 14.0, 8, 256,
          "802.11ac", ("Windows 10 Education", "10.0.19045"), 1.6, 6.5, 0.03),
    Model("Laptop", "Lantern", "Lantern Book 14 G3", (3, 2, 1, 0), 3, None, 749, 36, 14.0, 16, 256,
          "802.11ax", ("Windows 11 Education", "10.0.26100"), 1.5, 8.0, 0.03),
)  # fmt: skip
TABLETS = (
    Model("Tablet", "Pancake", "Pancake Pad 10", (5, 4, 3, 2), 5, 8, 329, 12, 10.2, 3, 64,
          "802.11ac", ("Pancake OS", "17"), 1.3, 9.0, 0.06, has_keyboard=False),
)  # fmt: skip
