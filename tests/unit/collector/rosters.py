"""OneRoster exports that tests make up, with a canary wherever a person stands."""

import csv
from collections.abc import Iterable
from datetime import date
from io import BytesIO, StringIO
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from broadgauge_collector.errors import Unreadable
from broadgauge_collector.imports.model import PeopleRecord, Refused, Taken
from broadgauge_collector.imports.oneroster import headcounts

TODAY = date(2026, 10, 5)

ORG_COLUMNS = "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId"
USER_COLUMNS = (
    "sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,userIds,givenName,"
    "familyName,middleName,identifier,email,sms,phone,agentSourcedIds,grades,password"
)
USER_COLUMNS_12 = (
    "sourcedId,status,dateLastModified,enabledUser,username,userIds,givenName,familyName,middleName,"
    "identifier,email,sms,phone,agentSourcedIds,grades,password,userMasterIdentifier,"
    "resourceSourcedIds,preferredGivenName,preferredMiddleName,preferredFamilyName,"
    "primaryOrgSourcedId,pronouns"
)
ROLE_COLUMNS = (
    "sourcedId,status,dateLastModified,userSourcedId,roleType,role,beginDate,endDate,orgSourcedId,"
    "userProfileSourcedId"
)
NOT_PERSONAL = (
    "sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,grades,primaryOrgSourcedId"
)
PERSONAL = set(f"{USER_COLUMNS},{USER_COLUMNS_12}".split(",")) - set(NOT_PERSONAL.split(","))
CANARY = "qzx"
"""Stands in every personal cell, and in nothing else."""

Row = dict[str, str]

DISTRICT = {"sourcedId": "d", "name": "Springfield USD", "type": "district", "identifier": "0612"}
NORTH = {"sourcedId": "n", "name": "North High", "type": "school", "identifier": "061200000001"}
SOUTH = {"sourcedId": "s", "name": "South High", "type": "school"}
ORGS = (DISTRICT, NORTH, SOUTH)


def table(columns: str, rows: Iterable[Row]) -> str:
    text = StringIO()
    writer = csv.DictWriter(text, columns.split(","), restval="", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def personal(number: int) -> Row:
    """What stands of a person in a row of users.csv."""
    cells = {column: f"{CANARY} {column} {number}" for column in PERSONAL}
    return {**cells, "email": f"{CANARY}{number}@school.example", "password": f"{CANARY}!{number}"}


def user(id_: str, role: str = "student", orgs: str = "n", **more: str) -> Row:
    return {
        **personal(len(id_)), "sourcedId": id_, "role": role, "orgSourcedIds": orgs,
        "enabledUser": "true", **more,
    }  # fmt: skip


def has_role(id_: str, role: str = "student", org: str = "n", **more: str) -> Row:
    return {"sourcedId": f"r-{id_}-{org}", "userSourcedId": id_, "role": role,
            "orgSourcedId": org, "roleType": "primary", **more}  # fmt: skip


def manifest(**modes: str) -> str:
    said = {"orgs": "bulk", "users": "bulk", "enrollments": "bulk", **modes}
    rows = [{"propertyName": f"file.{name}", "value": mode} for name, mode in said.items()]
    first = {"propertyName": "manifest.version", "value": "1.0"}
    return table("propertyName,value", [first, *rows])


def packed(files: dict[str, str], folder: str = "") -> BytesIO:
    file = BytesIO()
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(folder + name, text)
    file.seek(0)
    return file


def of_11(users: Iterable[Row], orgs: Iterable[Row] = ORGS) -> dict[str, str]:
    return {
        "manifest.csv": manifest(),
        "orgs.csv": table(ORG_COLUMNS, orgs),
        "users.csv": table(USER_COLUMNS, users),
    }


def of_12(users: Iterable[Row], roles: Iterable[Row], orgs: Iterable[Row] = ORGS) -> dict[str, str]:
    return {
        "manifest.csv": manifest(roles="bulk"),
        "orgs.csv": table(ORG_COLUMNS, orgs),
        "users.csv": table(USER_COLUMNS_12, users),
        "roles.csv": table(ROLE_COLUMNS, roles),
    }


def counted(files: dict[str, str]) -> tuple[dict[str, PeopleRecord], list[Refused]]:
    found = list(headcounts(packed(files), TODAY))
    records = [each.record for each in found if isinstance(each, Taken)]
    people = {each.key: each for each in records if isinstance(each, PeopleRecord)}
    assert len(people) == len(records)
    return people, [each for each in found if isinstance(each, Refused)]


def students(files: dict[str, str]) -> dict[str, int | None]:
    return {key: each.students for key, each in counted(files)[0].items()}


def trouble(files: dict[str, str]) -> str:
    with pytest.raises(Unreadable) as raised:
        counted(files)
    return str(raised.value)
