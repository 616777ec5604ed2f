"""How much measuring a line should get, as a district set it."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Nothing is set: the default holds for every line."""
    op.create_table(
        "coverage_goal",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("link_id", sa.Uuid),
        sa.Column("closed_tests", sa.Integer, nullable=False),
        sa.Column("closed_days", sa.Integer, nullable=False),
        sa.Column("school_days", sa.Integer, nullable=False),
        sa.Column("hour_bands", sa.Integer, nullable=False),
        sa.Column("location_tests", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_coverage_goal"),
        sa.ForeignKeyConstraint(["link_id"], ["link.id"], name="fk_coverage_goal_link_id"),
        sa.UniqueConstraint("link_id", name="uq_coverage_goal_link_id"),
    )
