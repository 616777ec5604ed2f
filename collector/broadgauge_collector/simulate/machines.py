"""The machines that agents run on: what they are, how they are connected, and where they stand."""

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from broadgauge_wire import Battery, Disk, HoursOn, InterfaceKind, NetworkLink
from broadgauge_wire.fields import WifiStandard

from .chance import Random

GIB = 2**30
NIC_RATES = (1e9, 2.5e9, 10e9, 25e9, 50e9, 100e9)
FRAMED = 1500 / 1538
"""Share of an Ethernet port's rate that IP packets of full size have."""

ROOM_TO_SPARE = 1.2
"""A wired machine's port is this much faster than what it has to see."""


class Make(NamedTuple):
    """A kind of machine: laptops have a screen and a battery, of so many Wh when new."""

    make: str
    model: str
    cpu: str
    cores: int
    memory_gib: int
    disk: str
    disk_gb: int
    system: tuple[str, str]
    battery_watt_hours: float | None = None
    screen_inches: float | None = None


DESKTOPS = (
    Make("Dell Inc.", "OptiPlex 3090", "Intel Core i3-10105T", 4, 8, "KIOXIA KBG40ZNS", 256,
         ("Windows 11 Education", "10.0.26100")),
    Make("LENOVO", "ThinkCentre M70q Gen 3", "Intel Core i5-12400T", 6, 16, "SAMSUNG MZVL2512", 512,
         ("Windows 11 Pro", "10.0.22631")),
    Make("HP", "ProDesk 400 G6 Desktop Mini PC", "Intel Core i3-10100T", 4, 8, "WDC PC SN530", 256,
         ("Windows 10 Pro", "10.0.19045")),
    Make("Apple Inc.", "Mac mini (M1, 2020)", "Apple M1", 8, 8, "APPLE SSD AP0256Q", 256,
         ("macOS", "14.6")),
    Make("Intel Corporation", "NUC11ATKC4", "Intel Celeron N5105", 4, 8, "KINGSTON SNV2S", 250,
         ("Ubuntu", "24.04")),
)  # fmt: skip
LAPTOPS = (
    Make("Dell Inc.", "Latitude 3420", "Intel Core i3-1115G4", 2, 8, "KIOXIA KBG40ZNS", 256,
         ("Windows 11 Education", "10.0.26200"), 41.0, 14.0),
    Make("HP", "ProBook 445 G8", "AMD Ryzen 3 5400U", 4, 8, "WDC PC SN530", 256,
         ("Windows 11 Education", "10.0.26100"), 45.0, 14.0),
    Make("LENOVO", "ThinkPad L13 Gen 2", "Intel Core i5-1135G7", 4, 16, "SAMSUNG MZVL2512", 512,
         ("Windows 10 Education", "10.0.19045"), 46.0, 13.3),
    Make("Apple Inc.", "MacBook Air (M1, 2020)", "Apple M1", 8, 8, "APPLE SSD AP0256Q", 256,
         ("macOS", "14.6"), 49.9, 13.3),
)  # fmt: skip
CORE = Make(
    "Supermicro", "SYS-110P-WTR", "Intel Xeon Silver 4314", 16, 64, "SAMSUNG MZ7L3480", 480,
    ("Debian GNU/Linux", "12"),
)  # fmt: skip
RADIOS = (433e6, 574e6, 866e6, 1201e6, 2402e6)
"""Rates that Wi-Fi links of one and two antennas are negotiated at."""

RATES_OF_WIFI_6 = (574e6, 1201e6, 2402e6)
LIFE_USED_A_DAY = 0.00055
"""Share of the writing that a disk is made for."""

WORN_DISK = 0.8
WIFI_PAYLOAD = 0.58
"""Share of that which tests get close to an access point."""


class Machine(NamedTuple):
    """A machine with its port. `quality`: the share of its radio's best that walls leave."""

    make: Make
    serial: str
    link: NetworkLink
    quality: float
    bought_on: date

    @property
    def is_laptop(self) -> bool:
        return self.make.battery_watt_hours is not None

    @property
    def ceiling_bits_per_second(self) -> float:
        """The most line rate it could see."""
        speed = self.link.speed_bits_per_second or 0.0
        return speed * (WIFI_PAYLOAD if self.is_laptop else FRAMED)


def wired(random: Random, bits_per_second: float, since: date, *, core: bool = False) -> Machine:
    """A desktop on a cable, with a port for a line of this rate."""
    wanted = ROOM_TO_SPARE * bits_per_second
    rate = next((rate for rate in NIC_RATES if rate * FRAMED >= wanted), NIC_RATES[-1])
    make = CORE if core else DESKTOPS[random.integers(len(DESKTOPS))]
    return _machine(random, make, "eth0", "wired", rate, 1.0, since)


def wireless(random: Random, since: date, *, slow_room: bool = False) -> Machine:
    """A laptop on Wi-Fi; in a slow room, far from its access point."""
    make = LAPTOPS[random.integers(len(LAPTOPS))]
    rate = RADIOS[0] if slow_room else RADIOS[random.integers(1, len(RADIOS))]
    quality = random.uniform(0.05, 0.16) if slow_room else random.uniform(0.6, 0.98)
    return _machine(random, make, "wlan0", "wifi", rate, quality, since)


def disks(machine: Machine, day: date) -> tuple[Disk, ...]:
    """Its one disk, which wears with the days since it was bought."""
    make = machine.make
    used = min(1.0, _age_days(machine, day) * LIFE_USED_A_DAY)
    disk = Disk(
        name="disk0",
        model=make.disk,
        size_bytes=make.disk_gb * 10**9,
        rotational=False,
        health="warning" if used > WORN_DISK else "good",
        life_used_ratio=round(used, 2),
    )
    return (disk,)


def batteries(machine: Machine, day: date) -> tuple[Battery, ...]:
    """A laptop's battery, which wears with the days since it was bought."""
    new = machine.make.battery_watt_hours
    if new is None:
        return ()
    age = _age_days(machine, day)
    full = round(new * max(0.55, 1 - age * 0.00022), 1)
    return (
        Battery(design_capacity_watt_hours=new, full_capacity_watt_hours=full, cycles=age // 2),
    )


def wifi_standard(machine: Machine) -> WifiStandard | None:
    """The newest that its adapter can do; a desktop on a cable has none."""
    rate = machine.link.speed_bits_per_second
    if not machine.is_laptop or rate is None:
        return None
    return "802.11ax" if rate in RATES_OF_WIFI_6 else "802.11ac"


def hours_on(days: Iterable[date], random: Random, *, all_day: bool) -> tuple[HoursOn, ...]:
    """How long it ran on each of these days, on which it ran."""
    least, most = (20.0, 24.0) if all_day else (2.5, 7.5)
    return tuple(HoursOn(day=day, hours=round(random.uniform(least, most), 1)) for day in days)


def _age_days(machine: Machine, day: date) -> int:
    return max(0, (day - machine.bought_on).days)


def _machine(
    random: Random,
    make: Make,
    name: str,
    kind: InterfaceKind,
    rate: float,
    quality: float,
    since: date,
) -> Machine:
    link = NetworkLink(name=name, kind=kind, speed_bits_per_second=rate, mtu_bytes=1500)
    serial = f"SIM-{random.integers(16**8):08X}"
    bought = date.fromordinal(since.toordinal() - int(random.integers(30, 1500)))
    return Machine(make, serial, link, float(quality), bought)
