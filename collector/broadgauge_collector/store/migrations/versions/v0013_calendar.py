"""Calendars of schools, hours of single weekdays, and what lines hang on and cost."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """What was there keeps its hours; no day differs, and no line hangs on another."""
    op.create_table(
        "calendar_day",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("school_id", sa.Uuid),
        sa.Column("first", sa.Date, nullable=False),
        sa.Column("last", sa.Date, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("begins", sa.Time),
        sa.Column("closes", sa.Time),
        sa.PrimaryKeyConstraint("id", name="pk_calendar_day"),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_calendar_day_school_id"),
    )
    op.create_index("ix_calendar_day_school_id", "calendar_day", ["school_id"])
    op.add_column("school", sa.Column("by_weekday", sa.Text))
    op.add_column("school", sa.Column("least_used_hours", sa.String(100)))
    op.add_column("link", sa.Column("price_per_month", sa.Float))
    op.add_column("link", sa.Column("contract_ends", sa.Date))
    op.create_table(
        "link_upstream",
        sa.Column("link_id", sa.Uuid, nullable=False),
        sa.Column("upstream_id", sa.Uuid, nullable=False),
        sa.PrimaryKeyConstraint("link_id", name="pk_link_upstream"),
        sa.ForeignKeyConstraint(["link_id"], ["link.id"], name="fk_link_upstream_link_id"),
        sa.ForeignKeyConstraint(["upstream_id"], ["link.id"], name="fk_link_upstream_upstream_id"),
    )
    op.create_index("ix_link_upstream_upstream_id", "link_upstream", ["upstream_id"])
