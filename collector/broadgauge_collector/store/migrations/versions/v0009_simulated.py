"""Schools that are made up."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Those that were there are real."""
    made_up = sa.Column("simulated", sa.Boolean, nullable=False, server_default=sa.false())
    op.add_column("school", made_up)
