"""Which applications are installed on how many machines, by model and school; never on which."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any, NamedTuple

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from broadgauge_wire.fields import about

from ..store import Stores
from .district import read_district


class Counted(Struct, frozen=True):
    """Machines that have something in common."""

    name: Annotated[str | None, about("What they have in common; null: not known")]
    machines: Annotated[int, about("How many")]


class ApplicationCount(Struct, frozen=True, kw_only=True):
    """One application, wherever it is installed."""

    name: Annotated[str, about("Its name, or the package's where the system goes by packages")]
    machines: Annotated[int, about("Machines that have it")]
    versions: Annotated[tuple[Counted, ...], about("By version, the most frequent first")]
    schools: Annotated[tuple[Counted, ...], about("By school, the most machines first")]
    models: Annotated[tuple[Counted, ...], about("By model, the most machines first")]


class ApplicationsReport(Struct, frozen=True, kw_only=True):
    """Applications as agents tell of them."""

    as_of: Annotated[datetime, about("When this was worked out, UTC")]
    machines: Annotated[int, about("Machines with an inventory")]
    telling: Annotated[
        int, about("Of these, how many tell what is installed: only where that is switched on")
    ]
    applications: Annotated[
        tuple[ApplicationCount, ...], about("On the most machines first; no machine is named")
    ]


class Place(NamedTuple):
    """An application with its version, on machines of one school and model."""

    name: str
    version: str | None
    school: str
    model: str | None


def applications(stores: Stores, now: datetime) -> ApplicationsReport:
    """Of every machine whose agent still belongs to the district, by its last inventory."""
    with stores.results.questions() as questions:
        inventories = questions.inventories()
    district = read_district(stores)
    machines = [
        (district.school(agent.school_id).name, inventories[agent.id])
        for agent in district.agents
        if agent.id in inventories and agent.revoked_at is None
    ]
    telling = [each for each in machines if each[1].get("applications") is not None]
    return ApplicationsReport(
        as_of=now,
        machines=len(machines),
        telling=len(telling),
        applications=counted(Counter(p for school, said in telling for p in _places(school, said))),
    )


def matching(report: ApplicationsReport, search: str | None) -> ApplicationsReport:
    """Only applications whose name has all of these words."""
    words = (search or "").casefold().split()
    found = [
        each for each in report.applications if all(word in each.name.casefold() for word in words)
    ]
    return replace(report, applications=tuple(found))


def counted(places: Mapping[Place, int]) -> tuple[ApplicationCount, ...]:
    """The same by application."""
    by_name = defaultdict[str, list[tuple[Place, int]]](list)
    for place, machines in places.items():
        by_name[place.name].append((place, machines))
    found = [_application(name, of_it) for name, of_it in by_name.items()]
    return tuple(sorted(found, key=lambda each: (-each.machines, each.name.casefold())))


def _application(name: str, places: list[tuple[Place, int]]) -> ApplicationCount:
    return ApplicationCount(
        name=name,
        machines=sum(machines for _, machines in places),
        versions=_by(places, "version"),
        schools=_by(places, "school"),
        models=_by(places, "model"),
    )


def _by(places: list[tuple[Place, int]], what: str) -> tuple[Counted, ...]:
    found = Counter[str | None]()
    for place, machines in places:
        found[getattr(place, what)] += machines
    order = sorted(found.items(), key=lambda each: (-each[1], each[0] or ""))
    return tuple(Counted(name, machines) for name, machines in order)


def _places(school: str, inventory: Mapping[str, Any]) -> Iterator[Place]:
    """Each application once for a machine, in the last of its versions that is listed."""
    said = msgspec.json.decode(inventory["applications"])
    versions = {each["name"]: each.get("version") for each in said}
    for name, version in versions.items():
        yield Place(name, version, school, inventory.get("model"))
