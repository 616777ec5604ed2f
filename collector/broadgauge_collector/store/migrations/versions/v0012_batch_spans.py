"""Batches that the ledger has no more, as spans: numbers that never came lie between them."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

UP_TO_NOW = """
    INSERT INTO batch_span (agent_id, epoch, lane, first, last)
    SELECT agent_id, epoch, lane, 1, sequence FROM batch_watermark
"""


def upgrade() -> None:
    """One row a span, where there was one a lane."""
    op.create_table(
        "batch_span",
        sa.Column("agent_id", sa.Uuid, nullable=False),
        sa.Column("epoch", sa.Uuid, nullable=False),
        sa.Column("lane", sa.String(16), nullable=False),
        sa.Column("first", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("last", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("agent_id", "epoch", "lane", "first", name="pk_batch_span"),
    )
    op.execute(UP_TO_NOW)
    op.drop_table("batch_watermark")
