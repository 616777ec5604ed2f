"""Slots on lines, and what tests cost schools and agents."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """No slot is held, and what tests cost counts from now on."""
    op.create_table(
        "slot",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("agent_id", sa.Uuid, nullable=False),
        sa.Column("school_id", sa.Uuid, nullable=False),
        sa.Column("reflector_id", sa.Uuid),
        sa.Column("begins_at", MOMENT, nullable=False),
        sa.Column("ends_at", MOMENT, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("reserved_bytes", sa.BigInteger, nullable=False),
        sa.Column("used_bytes", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_slot"),
        _key("slot", "agent"),
        _key("slot", "school"),
        _key("slot", "reflector"),
    )
    for column in ("agent_id", "school_id", "reflector_id", "ends_at"):
        op.create_index(f"ix_slot_{column}", "slot", [column])
    op.create_table(
        "slot_line",
        sa.Column("slot_id", sa.Uuid, nullable=False),
        sa.Column("line_id", sa.Uuid, nullable=False),
        sa.Column("begins_at", MOMENT, nullable=False),
        sa.Column("ends_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("slot_id", "line_id", name="pk_slot_line"),
        _key("slot_line", "slot"),
    )
    op.create_index("ix_slot_line_line_id_ends_at", "slot_line", ["line_id", "ends_at"])
    for owner in ("school", "agent"):
        _spending(owner)
    op.create_table(
        "slot_asker",
        sa.Column("agent_id", sa.Uuid, nullable=False),
        sa.Column("version", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("agent_id", name="pk_slot_asker"),
        _key("slot_asker", "agent"),
    )


def _spending(owner: str) -> None:
    table = f"{owner}_spending"
    op.create_table(
        table,
        sa.Column(f"{owner}_id", sa.Uuid, nullable=False),
        sa.Column("period", sa.String(10), nullable=False),
        sa.Column("bytes", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint(f"{owner}_id", "period", name=f"pk_{table}"),
        _key(table, owner),
    )


def _key(table: str, owner: str) -> sa.ForeignKeyConstraint:
    column = f"{owner}_id"
    return sa.ForeignKeyConstraint([column], [f"{owner}.id"], name=f"fk_{table}_{column}")
