"""Zips with OneRoster's files, as systems make them and as attackers do."""

from io import BytesIO
from zipfile import ZipFile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broadgauge_collector.errors import TooLarge, Unreadable
from broadgauge_collector.imports import zips
from broadgauge_collector.imports.model import PeopleRecord, Taken
from broadgauge_collector.imports.oneroster import headcounts, looks_like
from tests.unit.collector.rosters import (
    CANARY,
    TODAY,
    counted,
    has_role,
    manifest,
    of_11,
    of_12,
    packed,
    students,
    trouble,
    user,
)


@pytest.mark.parametrize("file", ["users", "orgs", "roles"])
def test_a_delta_is_refused_as_a_whole(file: str) -> None:
    files = of_12([user("1")], [has_role("1")])
    files["manifest.csv"] = manifest(**{"roles": "bulk", file: "delta"})
    assert f"{file}.csv is a delta" in trouble(files)
    files["manifest.csv"] = manifest(**{"roles": "bulk", file: "absent"})
    assert f"doesn't say that {file}.csv is bulk" in trouble(files)


def test_a_manifest_that_is_silent_about_users_proves_nothing() -> None:
    files = of_11([user("1")])
    files["manifest.csv"] = "propertyName,value\r\nfile.orgs,bulk\r\n"
    assert "doesn't say that users.csv is bulk" in trouble(files)


@pytest.mark.parametrize("name", ["manifest.csv", "orgs.csv", "users.csv"])
def test_a_missing_file_is_named(name: str) -> None:
    files = of_11([user("1")])
    del files[name]
    assert f"has no {name}" in trouble(files)


def test_12_without_its_roles_is_refused() -> None:
    files = of_12([user("1")], [has_role("1")])
    del files["roles.csv"]
    files["manifest.csv"] = manifest()
    assert "there is no roles.csv" in trouble(files)


def test_a_missing_or_doubled_column_is_named() -> None:
    files = of_11([user("1")])
    files["users.csv"] = files["users.csv"].replace("sourcedId", "id", 1)
    assert "users.csv has no column sourcedId" in trouble(files)
    files["users.csv"] = files["users.csv"].replace("dateLastModified", "role", 1)
    files["users.csv"] = files["users.csv"].replace("id", "sourcedId", 1)
    assert "more than one column role" in trouble(files)


def test_the_files_may_be_in_one_folder_but_in_no_two() -> None:
    files = of_11([user("1")])
    found = list(headcounts(packed(files, "Export 2026/"), TODAY))
    assert len(found) == 3
    twice = files | {f"old/{name}": text for name, text in files.items()}
    assert "more than one" in trouble(twice)
    with pytest.raises(Unreadable, match=r"has no manifest\.csv"):
        list(headcounts(packed(files, "a/b/"), TODAY))


def test_what_macos_adds_to_zips_is_passed_over() -> None:
    files = of_11([user("1")])
    files |= {"__MACOSX/users.csv": "\x00\x05\x16\x07", "__MACOSX/._users.csv": "\x00"}
    assert students(files)["n"] == 1


def test_members_with_paths_out_of_the_folder_write_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def extract(*args: object, **named: object) -> None:
        raise AssertionError("something was unpacked")

    monkeypatch.setattr(ZipFile, "extract", extract)
    monkeypatch.setattr(ZipFile, "_extract_member", extract)
    files = of_11([user("1")]) | {"../../evil.csv": "x", "/etc/evil.csv": "x"}
    assert students(files)["n"] == 1


def test_a_zip_that_would_be_too_large_unpacked_isnt_unpacked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(zips, "MAX_BYTES", 10_000)
    files = of_11([user("1")])
    assert students(files)["n"] == 1
    with pytest.raises(TooLarge, match="Export fewer"):
        counted(files | {"resources.csv": "".join(f"{n}," for n in range(5000))})


def test_a_zip_bomb_is_refused_before_anything_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    def opened(*args: object) -> None:
        raise AssertionError("something was read")

    files = of_11([user("1")]) | {"enrollments.csv": "0" * 5_000_000}
    file = packed(files)
    monkeypatch.setattr(ZipFile, "open", opened)
    with pytest.raises(TooLarge, match="packed to less than 1/200"):
        list(headcounts(file, TODAY))


def test_a_zip_with_a_password_says_so() -> None:
    data = bytearray(packed(of_11([user("1")])).getvalue())
    for signature, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = -1
        while (start := data.find(signature, start + 1)) >= 0:
            data[start + at] |= 1
    with pytest.raises(Unreadable, match="has a password"):
        list(headcounts(BytesIO(bytes(data)), TODAY))


def test_what_is_no_zip_is_unreadable() -> None:
    for data in (b"", b"sourcedId,role\n1,student\n", b"PK\x03\x04 and no more"):
        with pytest.raises(Unreadable, match="damaged"):
            list(headcounts(BytesIO(data), TODAY))
        assert not looks_like(BytesIO(data))


@settings(deadline=None, max_examples=300)
@given(at=st.integers(min_value=0), byte=st.integers(0, 255), cut=st.booleans())
def test_a_damaged_zip_counts_rightly_or_is_refused(at: int, byte: int, cut: bool) -> None:
    """A byte changed anywhere, or the end missing. Sizes and sums of the zip notice it, unless it
    is a name or a date of the archive's own."""
    data = bytearray(packed(of_11([user("1"), user("2", orgs="s")])).getvalue())
    data[at % len(data)] = byte
    file = BytesIO(bytes(data[: at % len(data)] if cut else data))
    looks_like(file)
    try:
        found = [each.record for each in headcounts(file, TODAY) if isinstance(each, Taken)]
    except (Unreadable, TooLarge) as error:
        assert CANARY not in str(error)
        return
    assert [each.students for each in found if isinstance(each, PeopleRecord)] == [1, 1, 2]


def test_it_looks_like_what_it_is_and_the_file_stands_at_its_start() -> None:
    file = packed(of_11([user("1")]), "folder/")
    file.seek(7)
    assert looks_like(file)
    assert file.tell() == 0
    assert not looks_like(packed({"xl/workbook.xml": "<x/>"}))
