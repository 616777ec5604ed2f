"""People counted from OneRoster exports, 1.1 and 1.2."""

import pytest

from broadgauge_collector.imports.formats.oneroster import FORMATS
from broadgauge_collector.imports.model import PeopleRecord
from broadgauge_collector.imports.oneroster import read
from broadgauge_collector.imports.oneroster_count import grade_code
from tests.unit.collector.rosters import (
    DISTRICT,
    NORTH,
    ORGS,
    SOUTH,
    counted,
    has_role,
    of_11,
    of_12,
    packed,
    students,
    trouble,
    user,
)


def test_a_school_has_its_distinct_students_and_staff_and_the_district_everybodys() -> None:
    users = [user("1"), user("2"), user("3", orgs="s"), user("4", "teacher"), user("5", "aide")]
    people, refused = counted(of_11(users))
    assert refused == []
    assert people["n"] == PeopleRecord(
        key="n", place="North High", identifier="061200000001", students=2, staff=2
    )
    assert people["s"] == PeopleRecord(key="s", place="South High", students=1, staff=0)
    assert people["district"] == PeopleRecord(
        key="district", place="Springfield USD", identifier="0612", students=3, staff=2
    )


def test_a_student_of_two_schools_counts_in_each_and_once_in_the_district() -> None:
    assert students(of_11([user("1", orgs="n,s"), user("2", orgs=" s , n ,d")])) == {
        "n": 2, "s": 2, "district": 2,
    }  # fmt: skip


def test_users_and_orgs_to_be_deleted_dont_count() -> None:
    gone = {**SOUTH, "status": "tobedeleted"}
    users = [user("1"), user("2", status="tobedeleted"), user("3", status="Active")]
    assert students(of_11(users, (DISTRICT, NORTH, gone))) == {"n": 2, "district": 2}


def test_a_user_with_two_rows_counts_once() -> None:
    assert students(of_11([user("1"), user("1"), user("1", orgs="s")])) == {
        "n": 1, "s": 1, "district": 1,
    }  # fmt: skip


def test_parents_guardians_and_relatives_count_nowhere() -> None:
    users = [user("1"), *(user(r, r) for r in ("parent", "guardian", "relative", "Relative"))]
    people, refused = counted(of_11(users))
    assert (people["district"].students, people["district"].staff) == (1, None)
    assert refused == []


@pytest.mark.parametrize(
    "role",
    ["administrator", "aide", "counselor", "districtAdministrator", "principal", "proctor",
     "siteAdministrator", "systemAdministrator", "teacher"],
)  # fmt: skip
def test_who_works_there_is_staff(role: str) -> None:
    people, refused = counted(of_11([user("1"), user("2", role)]))
    assert (people["n"].students, people["n"].staff, refused) == (1, 1, [])


def test_a_student_whose_account_is_disabled_still_sits_in_the_school() -> None:
    assert students(of_11([user("1", enabledUser="false")]))["n"] == 1


def test_enrollments_are_never_opened() -> None:
    files = of_11([user("1")]) | {"enrollments.csv": "no table at all \x00" * 40}
    assert students(files)["n"] == 1


def test_a_student_of_no_school_counts_in_the_district_alone_and_is_reported() -> None:
    department = {"sourcedId": "b", "name": "Music", "type": "department"}
    users = [user("1"), user("2", orgs="d"), user("3", orgs="b"), user("4", orgs="elsewhere")]
    people, (note,) = counted(of_11([*users, user("5", orgs="d,n")], (*ORGS, department)))
    assert {key: each.students for key, each in people.items()} == {"n": 2, "s": 0, "district": 5}
    assert "Students without a school: 3." in note.reason
    assert note.cells == {"file": "users.csv"}


def test_students_are_counted_by_grade_in_the_codes_of_ceds() -> None:
    grades = ("9", "09", "12", "K", "kg", "PK", "TK", "13", "0", "-1", "Freshman", "")
    files = of_11(user(f"u{n}", grades=grade) for n, grade in enumerate(grades))
    people, _ = counted(files)
    assert people["n"].by_grade == {
        "PK": 1, "TK": 1, "KG": 2, "09": 2, "12": 1, "13": 1, "other": 3,
    }  # fmt: skip
    assert people["n"].students == len(grades)
    assert people["district"].by_grade == people["n"].by_grade
    assert people["s"].by_grade == {}


def test_a_student_of_two_grades_is_in_neither() -> None:
    files = of_11([user("1", grades="09,10"), user("2", grades="09"), user("2", grades="10")])
    assert counted(files)[0]["n"].by_grade == {"other": 2}


def test_the_grade_of_a_row_to_be_deleted_is_no_grade() -> None:
    users = [user("1", grades="09"), user("1", grades="08", status="tobedeleted")]
    assert counted(of_11(users))[0]["n"].by_grade == {"09": 1}


def test_staffs_grades_arent_students() -> None:
    assert counted(of_11([user("1"), user("2", "teacher", grades="03")]))[0]["n"].by_grade == {}


@pytest.mark.parametrize(
    ("said", "code"),
    [("1", "01"), ("1st", "other"), ("14", "other"), ("²", "other"), ("00", "other"), ("ug", "UG")],
)
def test_what_is_no_code_of_a_grade_is_other(said: str, code: str) -> None:
    assert grade_code(said) == code


def test_in_12_roles_say_who_is_where_and_two_at_one_school_count_once() -> None:
    users = [user("1", grades="03"), user("2", grades="04"), user("3")]
    roles = [
        has_role("1"), has_role("1", roleType="secondary"), has_role("1", org="s"),
        has_role("2", org="s", roleType="secondary"), has_role("3", "teacher"),
        has_role("3", "principal", org="s"), has_role("3", "parent", org="s"),
    ]  # fmt: skip
    people, refused = counted(of_12(users, roles))
    assert refused == []
    assert {key: (p.students, p.staff, p.by_grade) for key, p in people.items()} == {
        "n": (1, 1, {"03": 1}),
        "s": (2, 1, {"03": 1, "04": 1}),
        "district": (2, 1, {"03": 1, "04": 1}),
    }


def test_a_role_to_be_deleted_or_of_a_user_to_be_deleted_doesnt_count() -> None:
    users = [user("1"), user("2", status="tobedeleted"), user("3")]
    roles = [has_role("1"), has_role("2"), has_role("3", status="tobedeleted")]
    people, refused = counted(of_12(users, roles))
    assert (people["n"].students, people["district"].students, refused) == (1, 1, [])


def test_a_role_counts_from_its_first_day_until_the_day_before_its_end() -> None:
    days = [("2026-10-05", ""), ("", "2026-10-06"), ("2026-08-01", "2027-06-30"),
            ("2026-10-06", ""), ("", "2026-10-05"), ("2025-08-01", "2026-06-30")]  # fmt: skip
    users = [user(f"{n}") for n in range(len(days))]
    roles = [has_role(f"{n}", beginDate=b, endDate=e) for n, (b, e) in enumerate(days)]
    assert students(of_12(users, roles)) == {"n": 3, "s": 0, "district": 3}


def test_a_role_with_a_day_that_cant_be_read_is_refused() -> None:
    roles = [has_role("1"), has_role("2", endDate="next summer")]
    people, (refused,) = counted(of_12([user("1"), user("2")], roles))
    assert people["n"].students == 1
    assert (refused.line, refused.cells) == (3, {})
    assert refused.reason.startswith("roles.csv: endDate: ")


def test_roles_of_users_who_arent_in_the_file_are_reported() -> None:
    people, (note,) = counted(of_12([user("1")], [has_role("1"), has_role("7"), has_role("8")]))
    assert people["n"].students == 1
    assert "users.csv doesn't have, or not readably: 2." in note.reason


def test_roles_of_the_specifications_own_kind_only() -> None:
    """What else stands there could be a student's or staff's."""
    people, (refused,) = counted(of_11([user("1"), user("2", "ext:volunteer")]))
    assert (people["district"].students, people["district"].staff) == (1, None)
    assert refused.line == 3
    assert "none of OneRoster's" in refused.reason


def test_a_file_without_any_student_is_one_of_staff_alone() -> None:
    people, _ = counted(of_11([user("1", "teacher")]))
    assert [(p.students, p.staff) for p in people.values()] == [(None, 1), (None, 0), (None, 1)]


def test_a_file_with_nobody_is_refused() -> None:
    assert "No student and no staff" in trouble(of_11([]))
    assert "No student and no staff" in trouble(of_11([user("1", status="tobedeleted")]))


def test_without_a_district_or_with_several_the_total_is_of_the_file() -> None:
    people, refused = counted(of_11([user("1")], (NORTH,)))
    assert (people["district"].place, people["district"].students, refused) == ("District", 1, [])
    orgs = (*ORGS, {**DISTRICT, "sourcedId": "e", "name": "Shelbyville USD"})
    people, (note,) = counted(of_11([user("1")], orgs))
    assert (people["district"].place, people["district"].identifier) == ("District", None)
    assert "several districts" in note.reason


def test_the_format_is_complete_and_counts_people_as_of_today() -> None:
    (format_,) = FORMATS
    assert (format_.key, format_.source, format_.record, format_.complete) == (
        "oneroster", "oneroster", PeopleRecord, True,
    )  # fmt: skip
    roles = [has_role("1"), has_role("2", endDate="2001-01-01")]
    found = list(read(packed(of_12([user("1"), user("2")], roles))))
    assert [each.line for each in found] == [3, 4, 2]
