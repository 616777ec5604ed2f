"""A known vulnerability fails the check, a network that isn't there doesn't, a broken lock does."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.audit import SKIPPED, Unreachable, said, verdict

ROOT = Path(__file__).parent.parent.parent
WELL = {"name": "anyio", "version": "4.16.0", "vulns": []}
UNKNOWN = {"name": "local", "skip_reason": "Dependency not found and could not be audited"}
BAD = {
    "name": "jinja2",
    "version": "2.4.1",
    "vulns": [{"id": "PYSEC-2019-217", "fix_versions": ["2.10.1"], "aliases": []}],
}


def test_a_known_vulnerability_fails_the_check_and_names_what_to_install() -> None:
    lines, code = verdict([WELL, BAD])
    assert code == 1
    assert lines == [
        "jinja2 2.4.1: PYSEC-2019-217 (fixed in: 2.10.1)",
        "2 packages checked",
    ]


def test_none_known_is_well() -> None:
    assert verdict([WELL]) == (["1 packages checked"], 0)


def test_what_nobody_knows_is_named() -> None:
    assert verdict([WELL, UNKNOWN]) == (["nothing is known of local", "1 packages checked"], 0)


def test_an_index_that_knows_none_of_them_is_no_audit() -> None:
    assert verdict([UNKNOWN, UNKNOWN]) == ([SKIPPED], 0)


def test_facts_are_read_as_pip_audit_writes_them() -> None:
    assert said(json.dumps({"dependencies": [BAD], "fixes": []}), "Found 1 known") == [BAD]


def test_a_stack_trace_of_the_network_is_no_fault_of_the_lock() -> None:
    with pytest.raises(Unreachable):
        said("", "requests.exceptions.ProxyError: HTTPSConnectionPool(...)")


def test_without_a_network_the_audit_says_so_in_one_line_and_goes_on(tmp_path: Path) -> None:
    run = audit("requirements/build.txt", tmp_path)
    assert run.returncode == 0, run.stderr
    assert run.stdout == f"audit: requirements/build.txt: {SKIPPED}\n"


def test_a_lock_without_hashes_fails_the_audit(tmp_path: Path) -> None:
    lock = tmp_path / "lock.txt"
    lock.write_text("anyio==4.16.0\n")
    run = audit(str(lock), tmp_path)
    assert run.returncode == 1
    assert "does not contain a hash" in run.stderr


def audit(lock: str, empty: Path) -> subprocess.CompletedProcess[str]:
    """The audit of one lock where every way out of this machine is closed and nothing is cached."""
    nowhere = {"PIP_CACHE_DIR": str(empty), "XDG_CACHE_HOME": str(empty)} | {
        "HTTPS_PROXY": "http://127.0.0.1:9",
        "https_proxy": "http://127.0.0.1:9",
    }
    return subprocess.run(
        [sys.executable, "tests/audit.py", lock],
        cwd=ROOT,
        env={**os.environ, **nowhere, "NO_PROXY": "", "no_proxy": ""},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
