"""Public school lists of the National Center for Education Statistics (NCES)."""

from msgspec.structs import replace

from .. import elsi
from ..model import Column, Format, SchoolRecord
from ..nces import count, full_time_equivalent, latitude, level, longitude, nces_id, school, words

COLUMNS = (
    Column(field="nces_id", names=("NCESSCH",), value=nces_id, required=True),
    Column(
        field="name", names=("SCH_NAME", "SCHNAM", "SCHNAME", "NAME"), value=words, required=True
    ),
    Column(field="level", names=("LEVEL", "SCHOOL_LEVEL", "SCH_LEVEL"), value=level),
    Column(field="city", names=("LCITY", "CITY"), value=words),
    Column(field="state", names=("LSTATE",), value=words),
    Column(field="reporting_state", names=("ST", "STABR", "STATE"), value=words),
    Column(field="students", names=("MEMBER",), value=count),
    Column(field="students_and_adults", names=("TOTAL",), value=count),
    Column(field="staff", names=("FTE", "TEACHERS"), value=full_time_equivalent),
    Column(field="latitude", names=("LAT", "LATCOD", "LATITUDE"), value=latitude),
    Column(field="longitude", names=("LON", "LONCOD", "LONGITUDE"), value=longitude),
)

FORMATS = (
    Format(
        key="nces",
        title="NCES public schools (CCD)",
        source="nces",
        record=SchoolRecord,
        columns=COLUMNS,
        record_of=school,
        example=(
            "From nces.ed.gov, take the Common Core of Data's list of public schools, or Public "
            "School Characteristics, as CSV."
        ),
    ),
    replace(
        elsi.TABLE,
        columns=(),
        record_of=None,
        read=elsi.read,
        looks_like=elsi.looks_like,
        example=(
            "In ELSI's table generator at nces.ed.gov, make a table of public schools with School "
            "ID (12-digit), and export it as CSV."
        ),
    ),
)
