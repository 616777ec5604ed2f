"""Asks whether a vulnerability is known in what the locks pin: `make audit`, part of `make check`.

Exit code 1 if one is. Where nobody can be asked, one line says so, and the exit code is 0.
"""

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

PATIENCE_SECONDS = 60
SKIPPED = "skipped, because no list of known vulnerabilities can be reached"

OWN_COMPLAINT = "ERROR:pip_audit"
NETWORK_COMPLAINT = "your network may be blocking"
"""What else goes wrong with the network, pip-audit shows as a stack trace."""

Dependency = dict[str, Any]


class Unreachable(Exception):  # noqa: N818 - nothing is wrong here
    """Nobody can be asked, or nobody answers."""


def main(locks: list[str]) -> int:
    """Audit the locks, the first one first: where nobody knows its packages, none else is asked."""
    code = 0
    for lock in locks:
        try:
            lines, found = verdict(ask(lock))
        except Unreachable:
            lines, found = [SKIPPED], 0
        for line in lines:
            click.echo(f"audit: {lock}: {line}")
        if lines == [SKIPPED]:
            break
        code = code or found
    return code


def ask(lock: str) -> list[Dependency]:
    """What pip-audit says of every dependency. Unreachable if it can't ask anybody."""
    pip_audit = str(Path(sys.executable).with_name("pip-audit"))
    options = ["--require-hashes", "--disable-pip", "--progress-spinner=off", "--format=json"]
    try:
        run = subprocess.run(
            [pip_audit, *options, "-r", lock],
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise Unreachable from error
    return said(run.stdout, run.stderr)


def said(facts: str, words: str) -> list[Dependency]:
    """pip-audit's own output. SystemExit if it complains of the lock, not of the network."""
    if facts:
        dependencies: list[Dependency] = json.loads(facts)["dependencies"]
        return dependencies
    if OWN_COMPLAINT in words and NETWORK_COMPLAINT not in words:
        raise SystemExit(words)
    raise Unreachable


def verdict(found: Iterable[Dependency]) -> tuple[list[str], int]:
    """What to say of the dependencies, and the exit code."""
    found = list(found)
    unknown = [one["name"] for one in found if "skip_reason" in one]
    if len(unknown) == len(found):
        return [SKIPPED], 0
    lines = [fault(one, known) for one in found for known in one.get("vulns", ())]
    code = 1 if lines else 0
    if unknown:
        lines.append(f"nothing is known of {', '.join(unknown)}")
    well = len(found) - len(unknown)
    return [*lines, f"{well} packages checked"], code


def fault(dependency: Dependency, known: dict[str, Any]) -> str:
    """One vulnerability, and the versions without it."""
    fixed = ", ".join(known["fix_versions"]) or "none yet"
    return f"{dependency['name']} {dependency['version']}: {known['id']} (fixed in: {fixed})"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
