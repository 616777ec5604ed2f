"""What `make test` runs."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_folder_with_tests_is_run_once() -> None:
    makefile = (ROOT / "Makefile").read_text()
    run = [
        folder
        for name in ("ALONE", "AGENTS", "SIDE_BY_SIDE")
        for folder in re.findall(rf"^{name} := (.+)$", makefile, re.MULTILINE)[0].split()
    ]
    there = {file.relative_to(ROOT).parts[1] for file in ROOT.glob("tests/**/test_*.py")}
    assert sorted(run) == sorted(f"tests/{folder}" for folder in there)


def test_what_of_a_folder_is_run_apart_is_there() -> None:
    makefile = (ROOT / "Makefile").read_text()
    (files,) = re.findall(
        r"^RATES := \$\(addprefix \$\(AGENTS\)/test_,(.+)\)$", makefile, re.MULTILINE
    )
    for file in files.split():
        assert (ROOT / "tests" / "integration" / f"test_{file}").exists()
    (burst,) = re.findall(r"^BURST := (.+)$", makefile, re.MULTILINE)
    file, _, name = burst.partition("::")
    assert f"def {name}(" in (ROOT / file).read_text()
