"""OneRoster 1.1 and 1.2: how many people each school has."""

from ..model import Format, PeopleRecord
from ..oneroster import looks_like, read

FORMATS = (
    Format(
        key="oneroster",
        title="OneRoster 1.1 or 1.2 (zip)",
        source="oneroster",
        record=PeopleRecord,
        read=read,
        looks_like=looks_like,
        complete=True,
        example=(
            "In the student information system, export OneRoster CSV in bulk, as a zip: it needs "
            "manifest.csv, orgs.csv and users.csv (1.2: roles.csv as well). Only counts are kept."
        ),
    ),
)
