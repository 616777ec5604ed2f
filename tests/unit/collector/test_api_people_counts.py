"""What a roster says of a school's people stands beside what was entered, and changes nothing."""

import io
from datetime import date
from zipfile import ZipFile

from broadgauge_collector.schools.model import People
from broadgauge_collector.schools.repository import set_people
from tests.api_client import Api
from tests.unit.collector.test_api_imports import Importing

MANIFEST = "propertyName,value\noneroster.version,1.1\nfile.orgs,bulk\nfile.users,bulk\n"
ORGS = (
    "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId\n"
    "d,active,2026-08-01T00:00:00Z,District,district,1,\n"
    "a,active,2026-08-01T00:00:00Z,Lincoln Elementary,school,100,d\n"
    "b,active,2026-08-01T00:00:00Z,Unheard-of Academy,school,101,d\n"
)
USERS = (
    "sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,userIds,givenName,"
    "familyName,middleName,identifier,email,sms,phone,agentSourcedIds,grades,password\n"
    '1,active,2026-08-01T00:00:00Z,true,"a,b",student,u1,,Zoe,Quill,,1,z@x.example,,,,05,pw\n'
    "2,active,2026-08-01T00:00:00Z,true,a,student,u2,,Yan,Rill,,2,y@x.example,,,,05,pw\n"
    "3,tobedeleted,2026-08-01T00:00:00Z,true,a,student,u3,,Xi,Still,,3,x@x.example,,,,05,pw\n"
    "4,active,2026-08-01T00:00:00Z,true,a,teacher,u4,,Wil,Till,,4,w@x.example,,,,,pw\n"
)


def roster() -> bytes:
    packed = io.BytesIO()
    with ZipFile(packed, "w") as archive:
        archive.writestr("manifest.csv", MANIFEST)
        archive.writestr("orgs.csv", ORGS)
        archive.writestr("users.csv", USERS)
    return packed.getvalue()


def test_a_roster_stands_beside_what_was_entered(api: Api) -> None:
    school = api.school()
    with api.services.stores.control.begin() as c:
        set_people(c, school.id, People(since=date(2026, 8, 1), students=410, staff=30))
    importing = Importing(api)
    assert importing.bring(roster(), "oneroster")["state"] == "applied"
    found = {each["name"]: each for each in importing.get("/school-counts")}
    lincoln = found["Lincoln Elementary"]
    assert (lincoln["students"], lincoln["staff"], lincoln["by_grade"]) == (2, 1, {"05": 2})
    assert (lincoln["entered_students"], lincoln["entered_staff"]) == (410, 30)
    assert found["Unheard-of Academy"]["school"] is None
    assert found["District"]["students"] == 2
    (entered,) = importing.get(f"/schools/{school.id}")["people"]
    assert entered["students"] == 410
