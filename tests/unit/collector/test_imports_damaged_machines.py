"""Damaged inventories of the GLPI agent: a machine is taken as it is, or refused, or the file is.

BROADGAUGE_FUZZ_FILES says how many files are tried.
"""

import json
import os
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from msgspec import structs

from broadgauge_collector.imports.model import DeviceRecord, Refused, Taken
from tests.unit.collector.test_imports_damaged import outcome
from tests.unit.collector.test_imports_formats_glpi import machine, zipped

FILES = int(os.environ.get("BROADGAUGE_FUZZ_FILES", "40"))
MACHINES = 6
MIB = 1024**2

Said = dict[str, Any]
NO_NUMBER: tuple[Any, ...] = (
    "To be filled by O.E.M.",
    "Default string",
    "",
    None,
    "0",
    "Jordan Avery",
    [],
    {},
    7.5,
)
NO_SIZE: tuple[Any, ...] = (-5, 0, 10**30, "lots", None, "7908 MB", [7908], True)
NO_TIME = ("2026-99-99 00:00:00", "yesterday", "13/13/13", "", None, 5)


def truth(n: int) -> Said:
    """What a machine is, whatever its file says."""
    return {
        "key": f"4c4c4544-0046-4710-8047-b2c04f50{n:04x}", "serial": f"2FAGP{n:02}",
        "asset_tag": f"RHS-{n:04}", "make": "Dell Inc.", "model": "XPS 13 9350",
        "memory_bytes": 7908 * MIB, "disk_bytes": 256_060_000_000, "kind": "laptop",
        "disk_free_bytes": 100_000 * MIB, "battery_health_ratio": 0.83, "model_number": "0704",
        "macs": (f"0024d70000{n:02x}",), "os_version": "24H2", "wifi_standard": "802.11ax",
        "os_name": "Microsoft Windows 11 Education",
        "cpu_model": "Intel(R) Core(TM) i5-6200U CPU 2.30GHz",
    }  # fmt: skip


def _spoil_numbers(said: Said, random: Random) -> None:
    bios = said["content"]["bios"]
    bios[random.choice(("ssn", "assettag"))] = random.choice(NO_NUMBER)


def _spoil_sizes(said: Said, random: Random) -> None:
    content, wrong = said["content"], random.choice(NO_SIZE)
    part, name = random.choice(
        (("hardware", "memory"), ("drives", "free"), ("storages", "disksize"))
    )
    where = content[part] if part == "hardware" else content[part][0]
    where[name] = wrong if wrong != 0 or name != "free" else -1  # a disk may well be full
    if part == "storages":  # else its drive's size would be known in its place
        content["drives"] = []


def _spoil_time(said: Said, random: Random) -> None:
    said["content"]["accesslog"]["logdate"] = random.choice(NO_TIME)


def _lose_a_part(said: Said, random: Random) -> None:
    lost = random.choice(sorted(said["content"].keys() - {"drives", "storages"}))
    said["content"][lost] = random.choice((None, "lost", 5)) if random.random() < 0.5 else {}


def _put_things_in_other_order(said: Said, random: Random) -> None:
    content = said.pop("content")
    names = random.sample(sorted(content), len(content))
    said["content"] = {name: content[name] for name in names}


def _say_more(said: Said, random: Random) -> None:
    said["content"][f"more {random.random()}"] = {"of": ["it", "\u0000", "\U0001f600" * 5000]}


def _write_numbers_as_text(said: Said, random: Random) -> None:
    said["content"]["hardware"]["memory"] = "7908"


def _break_lines(said: Said, random: Random) -> None:
    said["content"]["bios"]["smodel"] = "XPS 13\r\n9350"


DAMAGES: tuple[Callable[[Said, Random], None], ...] = (
    _spoil_numbers, _spoil_sizes, _spoil_time, _write_numbers_as_text, _break_lines, _say_more,
    _put_things_in_other_order, _lose_a_part,
)  # fmt: skip


def damaged(random: Random) -> tuple[list[Said], list[int]]:
    """Machines, some of them damaged or there twice, and which each is."""
    which = [random.choice((n, n, n, n, 0)) for n in range(MACHINES)]
    found = [machine(n) for n in which]
    for said in found:
        for damage in sorted(random.sample(DAMAGES, random.randint(0, 2)), key=DAMAGES.index):
            damage(said, random)
    return found, which


def written(machines: list[Said], random: Random) -> bytes:
    """As a file of some kind, and what may be around it."""
    texts = [json.dumps(each, indent=random.choice((None, 4))) for each in machines]
    kind = random.randrange(3)
    if kind == 0:
        encoding = random.choice(("utf-8", "utf-8-sig", "utf-8"))
        return zipped(*((f"{n}.json", text.encode(encoding)) for n, text in enumerate(texts)))
    if kind == 1:
        ends = random.choice(("\n", "\r\n", "\n\n"))
        return ends.join(json.dumps(each) for each in machines).encode()
    return ("\ufeff" * random.randint(0, 1) + f"[{','.join(texts)}]").encode()


def broken(data: bytes, random: Random) -> tuple[bytes, bool]:
    """Sometimes cut off, of another encoding or with other bytes in it; and whether it was."""
    how = random.randrange(8)
    if how == 0:
        return data[: random.randrange(len(data))], True
    if how == 1:
        at = random.randrange(len(data))
        return data[:at] + b"\0" + data[at + 1 :], True
    if how == 2 and not data.startswith(b"PK"):
        return data.decode("utf-8-sig").encode("utf-16"), True
    return data, False


@pytest.mark.timeout(900)
def test_a_machine_of_a_damaged_file_is_taken_as_it_is_or_refused() -> None:
    taken = 0
    for seed in range(FILES):
        random = Random(seed)
        machines, which = damaged(random)
        data, is_broken = broken(written(machines, random), random)
        found = outcome("glpi", data)
        assert is_broken or found is not None, seed
        if found is None:
            continue
        assert is_broken or len(found) == MACHINES, seed
        for row in found:
            if isinstance(row, Taken):
                taken += 1
                check_true(row, which, seed)
            assert isinstance(row, Taken) or not row.cells, seed
    assert taken > FILES, "too few were taken for this to say anything"


def check_true(row: Taken, which: list[int], seed: int) -> None:
    """Each value is the machine's, or unknown. Of several machines it is one throughout."""
    record = row.record
    assert isinstance(record, DeviceRecord)
    said = {k: v for k, v in structs.asdict(record).items() if v not in (None, ())}
    said.pop("last_seen_at", None)
    if said["key"] != truth(which[0])["key"] and "-" not in str(said["key"]):
        said.pop("key")  # one that has lost its own goes by its serial number
    if "RHS-" in str(said.get("key")):
        said.pop("key")
    wrong = [{k: v for k, v in said.items() if truth(n).get(k) != v} for n in sorted(set(which))]
    assert {} in wrong, (seed, row.line, min(wrong, key=len))


def test_a_refused_machine_says_nothing_of_itself() -> None:
    rows = [row for seed in range(20) for row in _outcomes(seed)]
    refused = [row for row in rows if isinstance(row, Refused)]
    assert refused
    assert all("Jordan" not in row.reason and "2FAGP" not in row.reason for row in refused)


def _outcomes(seed: int) -> list[Taken | Refused]:
    random = Random(seed)
    machines, _ = damaged(random)
    return outcome("glpi", written(machines, random)) or []
