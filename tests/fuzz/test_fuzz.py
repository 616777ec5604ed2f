"""A short run of every fuzz target, the same each time. `make fuzz` runs them for longer."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
TARGETS = sorted(path.stem for path in Path(__file__).parent.glob("fuzz_*.py"))
RUNS = {"fuzz_joins": 2500}
"""Fewer for the target that asks a database each time."""

MANY_RUNS = 8000
SECONDS_FOR_ONE_INPUT = 10
FAR_TOO_LONG_SECONDS = 100

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or sys.version_info >= (3, 14),
    reason="atheris is for Linux and CPython before 3.14",
)


@pytest.mark.parametrize("target", TARGETS)
def test_no_input_gets_anything_but_an_answer_or_the_error_that_says_why(
    target: str, tmp_path: Path
) -> None:
    runs = RUNS.get(target, MANY_RUNS)
    run = _start([sys.executable, "-m", f"tests.fuzz.{target}"], tmp_path, f"-runs={runs}")
    assert run.returncode == 0, run.stdout[-6000:]
    assert f"Done {runs} runs" in run.stdout


def test_a_target_that_raises_fails_its_run(tmp_path: Path) -> None:
    program = "import sys; from tests.fuzz.fuzzing import fuzz; fuzz(bytes.decode, [b'\\xff'])"
    run = _start([sys.executable, "-c", program], tmp_path, "-runs=10")
    assert run.returncode != 0
    assert "UnicodeDecodeError" in run.stdout


def _start(command: list[str], work: Path, *options: str) -> subprocess.CompletedProcess[str]:
    limits = [f"-timeout={SECONDS_FOR_ONE_INPUT}", "-seed=1", f"-artifact_prefix={work}/"]
    return subprocess.run(
        [*command, str(work / "corpus"), *limits, *options],
        cwd=ROOT,
        text=True,
        errors="replace",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=FAR_TOO_LONG_SECONDS,
        check=False,
    )
