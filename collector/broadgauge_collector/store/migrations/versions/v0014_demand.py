"""The model wanted, and what needs are worked out from, as a district and its schools edited it."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """One row an edited assumption; those nobody edited have none."""
    op.create_table(
        "demand_assumption",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("school_id", sa.Uuid),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("value", sa.String(400), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_demand_assumption"),
        sa.ForeignKeyConstraint(
            ["school_id"], ["school.id"], name="fk_demand_assumption_school_id"
        ),
        sa.UniqueConstraint("school_id", "key", name="uq_demand_assumption_school_id_key"),
    )
    op.create_index(
        "uq_demand_assumption_key_of_district",
        "demand_assumption",
        ["key"],
        unique=True,
        sqlite_where=sa.text("school_id IS NULL"),
        postgresql_where=sa.text("school_id IS NULL"),
    )
