"""Packages with an entry in the desktop's menu, and applications that Flatpak has for everybody.

Packages without one are parts of the system, by the thousand.
"""

from collections.abc import Iterator

from broadgauge_agent._system_tool import ask

Found = list[tuple[str, str | None]]

LIMIT_SECONDS = 60.0

OWNERS = ("dpkg-query", "--search", "/usr/share/applications/*.desktop")
VERSIONS = ("dpkg-query", "--show", "--showformat", "${Package}\\t${Version}\\n")
RPM = (
    *("rpm", "--query", "--whatprovides", "application()"),
    *("--queryformat", "%{NAME}\\t%{VERSION}\\n"),
)
"""What rpmbuild has every package say of itself that brings an entry."""

FLATPAK = ("flatpak", "list", "--system", "--app", "--columns=application,version")


def installed() -> Found | None:
    """None if neither the package system nor Flatpak answered."""
    parts = (
        debian(ask(OWNERS, LIMIT_SECONDS)),
        rows(ask(RPM, LIMIT_SECONDS)),
        rows(ask(FLATPAK, LIMIT_SECONDS)),
    )
    known = [part for part in parts if part is not None]
    return [one for part in known for one in part] if known else None


def debian(owners: bytes | None) -> Found | None:
    """Of the packages that own an entry, as dpkg-query says it, name and version."""
    if owners is None:
        return None
    names = set(owning(owners))
    versions = rows(ask(VERSIONS, LIMIT_SECONDS)) or []
    return [(name, version) for name, version in versions if name in names]


def owning(said: bytes) -> Iterator[str]:
    """Package names in lines such as `gimp: FILE` or `wine32:i386, wine64: FILE`."""
    for line in said.decode("utf-8", "replace").splitlines():
        packages, found, _ = line.partition(": ")
        if found and not packages.startswith("diversion by"):
            yield from (package.partition(":")[0].strip() for package in packages.split(","))


def rows(said: bytes | None) -> Found | None:
    """Names and versions in lines with a tab between; None without an answer."""
    if said is None:
        return None
    lines = said.decode("utf-8", "replace").splitlines()
    parts = (line.partition("\t") for line in lines)
    return [(name.strip(), version.strip() or None) for name, tab, version in parts if tab]
