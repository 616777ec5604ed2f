"""What people install: the same bytes from every build, everything it needs and nothing else."""

import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
from email.message import Message
from email.parser import BytesParser
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.packaging.wheels import PACKAGES, ROOT, build

NOT_SOURCE = shutil.ignore_patterns("__pycache__", "*.egg-info", "dist", "build")
DAY_SECONDS = 86_400
WITHOUT_SOURCE = {"METADATA", "WHEEL", "RECORD", "entry_points.txt", "LICENSE"}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All wheels and source distributions, built from a copy."""
    return build_from_a_copy(ROOT, tmp_path_factory.mktemp("one"), days=0, umask=0o022)


def build_from_a_copy(source: Path, place: Path, *, days: int, umask: int) -> Path:
    """Built in another directory from files that many days older."""
    shutil.copy(source / ".gitignore", place)
    for package in PACKAGES:
        shutil.copytree(source / package, place / package, ignore=NOT_SOURCE)
        for file in (place / package).rglob("*"):
            moment = file.stat().st_mtime - days * DAY_SECONDS
            os.utime(file, (moment, moment))
            file.chmod(file.stat().st_mode & ~umask)
        build(place / package, place / "dist", umask=umask)
    return place / "dist"


def wheel(built: Path, package: str) -> ZipFile:
    return ZipFile(next(built.glob(f"broadgauge_{package}-*.whl")))


def test_two_builds_in_other_places_at_other_times_are_the_same_to_the_byte(
    built: Path, tmp_path: Path
) -> None:
    place = tmp_path / "another" / "place"
    place.mkdir(parents=True)
    other = build_from_a_copy(built.parent, place, days=400, umask=0o077)
    names = sorted(file.name for file in built.iterdir())
    assert names == sorted(file.name for file in other.iterdir())
    assert len(names) == 2 * len(PACKAGES)
    for name in names:
        assert (built / name).read_bytes() == (other / name).read_bytes(), name


def test_what_is_in_them_has_the_date_that_was_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1772463900")
    build(ROOT / "wire", tmp_path)
    assert {entry.date_time[:3] for entry in wheel(tmp_path, "wire").infolist()} == {(2026, 3, 2)}


@pytest.mark.parametrize("package", PACKAGES)
def test_a_wheel_has_all_of_its_package_and_nothing_else(built: Path, package: str) -> None:
    folder = ROOT / package / f"broadgauge_{package}"
    wanted = {
        str(file.relative_to(folder.parent).as_posix())
        for file in folder.rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    names = set(wheel(built, package).namelist())
    assert {name for name in names if ".dist-info/" not in name} == wanted
    assert {Path(name).name for name in names - wanted} <= WITHOUT_SOURCE
    assert f"broadgauge_{package}/py.typed" in names


def test_what_is_not_python_is_there_too(built: Path) -> None:
    names = wheel(built, "dashboard").namelist()
    assert {"style.css", "favicon.svg"} <= {Path(name).name for name in names}
    names = wheel(built, "collector").namelist()
    assert [name for name in names if "migrations/versions/v0001" in name]


@pytest.mark.parametrize("package", PACKAGES)
def test_a_wheel_says_what_it_is_and_under_which_license(built: Path, package: str) -> None:
    about = metadata(wheel(built, package))
    assert about["Name"] == f"broadgauge-{package}"
    assert about["Requires-Python"] == ">=3.11"
    assert about["License-Expression"] == "Apache-2.0"
    assert about["Summary"].endswith(".")
    with wheel(built, package) as archive:
        license_name = next(n for n in archive.namelist() if n.endswith("licenses/LICENSE"))
        assert archive.read(license_name) == (ROOT / "LICENSE").read_bytes()


def test_all_parts_have_one_version(built: Path) -> None:
    assert len({metadata(wheel(built, package))["Version"] for package in PACKAGES}) == 1


def test_a_laptop_gets_the_agent_and_what_it_needs_and_no_more(built: Path) -> None:
    needed = metadata(wheel(built, "agent")).get_all("Requires-Dist", [])
    assert [name for name in needed if name.startswith("broadgauge")] == [
        "broadgauge-host",
        "broadgauge-wire",
    ]


def test_a_source_distribution_builds_the_same_wheel(built: Path, tmp_path: Path) -> None:
    for package in PACKAGES:
        with tarfile.open(next(built.glob(f"broadgauge_{package}-*.tar.gz"))) as archive:
            archive.extractall(tmp_path, filter="data")
        build(next(tmp_path.glob(f"broadgauge_{package}-*")), tmp_path / "dist")
        ours, theirs = wheel(built, package), wheel(tmp_path / "dist", package)
        assert contents(ours) == contents(theirs)


def test_an_installed_agent_runs_from_its_wheel_alone(built: Path, tmp_path: Path) -> None:
    place = tmp_path / "venv"
    run(sys.executable, "-m", "venv", "--without-pip", str(place))
    python = str(place / "bin" / "python")
    wheels = [
        str(next(built.glob(f"broadgauge_{name}-*.whl"))) for name in ("wire", "host", "agent")
    ]
    options = ("--quiet", "--no-deps", "--no-index", "--disable-pip-version-check")
    run(sys.executable, "-m", "pip", "--python", python, "install", *options, *wheels)
    others = place / "lib" / Path(sysconfig.get_path("purelib")).parent.name / "site-packages"
    (others / "others.pth").write_text(sysconfig.get_path("purelib"))  # what the lock installs

    where = run(python, "-c", "import broadgauge_agent as a, broadgauge_wire as w; print(a, w)")
    assert where.count(str(place)) == 2
    version = metadata(wheel(built, "agent"))["Version"]
    assert run(str(place / "bin" / "broadgauge-agent"), "--version").split()[-1] == version


def metadata(archive: ZipFile) -> Message:
    """What the wheel says of itself."""
    name = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
    return BytesParser().parsebytes(archive.read(name))


def contents(archive: ZipFile) -> dict[str, bytes]:
    return {name: archive.read(name) for name in archive.namelist()}


def run(*command: str) -> str:
    """What a command prints."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    return subprocess.run(
        command, check=True, capture_output=True, text=True, timeout=100, env=environment
    ).stdout
