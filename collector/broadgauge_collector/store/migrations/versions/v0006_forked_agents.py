"""Agents that copied spools became, and what was found of agents' clocks."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Whose copy an agent is, and how far its clock was behind when it was wrong."""
    op.add_column("agent", sa.Column("forked_from", sa.Uuid))
    op.add_column("agent", sa.Column("clock_offset_seconds", sa.Float))
