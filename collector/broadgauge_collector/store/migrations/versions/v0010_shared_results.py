"""Which commits and batches count, where several collectors share a store of results."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """The store, its commits that don't count, and the ledger of batches."""
    op.create_table(
        "results_store",
        sa.Column("only_row", sa.Boolean, nullable=False),
        sa.Column("incarnation", sa.Uuid, nullable=False),
        sa.Column("last_commit", sa.BigInteger, nullable=False),
        sa.Column("hours_before", MOMENT),
        sa.Column("hours_upto", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("only_row", name="pk_results_store"),
    )
    op.create_table(
        "results_commit",
        sa.Column("number", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("began_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_results_commit"),
    )
    op.create_table(
        "batch_ledger",
        *_lane(),
        sa.Column("sequence", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("commit_number", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("agent_id", "epoch", "lane", "sequence", name="pk_batch_ledger"),
    )
    op.create_index("ix_batch_ledger_commit_number", "batch_ledger", ["commit_number"])
    op.create_table(
        "batch_watermark",
        *_lane(),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("agent_id", "epoch", "lane", name="pk_batch_watermark"),
    )


def _lane() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("agent_id", sa.Uuid, nullable=False),
        sa.Column("epoch", sa.Uuid, nullable=False),
        sa.Column("lane", sa.String(16), nullable=False),
    )
