"""Changes of lines and schools, as people mark them."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Nothing is marked."""
    op.create_table(
        "change_mark",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("text", sa.String(200), nullable=False),
        sa.Column("link_id", sa.Uuid),
        sa.Column("school_id", sa.Uuid),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_change_mark"),
        sa.ForeignKeyConstraint(["link_id"], ["link.id"], name="fk_change_mark_link_id"),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_change_mark_school_id"),
    )
    for column in ("link_id", "school_id"):
        op.create_index(f"ix_change_mark_{column}", "change_mark", [column])
