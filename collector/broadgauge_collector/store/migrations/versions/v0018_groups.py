"""Group tests: several agents on one line at once."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """None was called, and no agent has asked for one yet."""
    op.create_table(
        "group_test",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("link_id", sa.Uuid, nullable=False),
        sa.Column("reflector_id", sa.Uuid, nullable=False),
        sa.Column("direction", sa.String(8), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("called_by", sa.String(8), nullable=False),
        sa.Column("called_at", MOMENT, nullable=False),
        sa.Column("wanted_at", MOMENT, nullable=False),
        sa.Column("in_school_hours", sa.Boolean, nullable=False),
        sa.Column("wanted_bits_per_second", sa.Float),
        sa.Column("begins_at", MOMENT),
        sa.Column("ends_at", MOMENT),
        sa.Column("line_bits_per_second", sa.Float),
        sa.Column("bound", sa.String(8)),
        sa.PrimaryKeyConstraint("id", name="pk_group_test"),
        _key("group_test", "link_id", "link"),
        _key("group_test", "reflector_id", "reflector"),
    )
    for column in ("link_id", "reflector_id", "state", "called_at"):
        op.create_index(f"ix_group_test_{column}", "group_test", [column])
    op.create_table(
        "group_member",
        sa.Column("group_id", sa.Uuid, nullable=False),
        sa.Column("agent_id", sa.Uuid, nullable=False),
        sa.Column("school_id", sa.Uuid, nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("why_not", sa.Text),
        sa.Column("ceiling_bits_per_second", sa.Float),
        sa.Column("bytes_at_most", sa.BigInteger, nullable=False),
        sa.Column("joins_after_seconds", sa.Float),
        sa.Column("result_id", sa.Uuid),
        sa.Column("slot_id", sa.Uuid),
        sa.PrimaryKeyConstraint("group_id", "agent_id", name="pk_group_member"),
        _key("group_member", "group_id", "group_test"),
        _key("group_member", "agent_id", "agent"),
        _key("group_member", "school_id", "school"),
    )
    for column in ("agent_id", "school_id"):
        op.create_index(f"ix_group_member_{column}", "group_member", [column])
    op.create_table(
        "group_asker",
        sa.Column("agent_id", sa.Uuid, nullable=False),
        sa.Column("version", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("agent_id", name="pk_group_asker"),
        _key("group_asker", "agent_id", "agent"),
    )


def _key(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=f"fk_{table}_{column}")
