"""What agents dropped unsent."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """A JSON list, as the agent said it last."""
    op.add_column("agent", sa.Column("dropped_results", sa.Text))
