"""Databases that results are sent on to, and how far each is."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Tokens in a table of their own, so that whoever lists sinks never reads one."""
    op.create_table(
        "sink",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("name_key", sa.String(400), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("url", sa.String(400), nullable=False),
        sa.Column("org", sa.String(200), nullable=False),
        sa.Column("bucket", sa.String(200), nullable=False),
        sa.Column("proof", sa.String(16), nullable=False),
        sa.Column("added_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sink"),
        sa.UniqueConstraint("name_key", name="uq_sink_name_key"),
    )
    op.create_table(
        "sink_token",
        sa.Column("sink_id", sa.Uuid, nullable=False),
        sa.Column("token", sa.String(1000), nullable=False),
        sa.PrimaryKeyConstraint("sink_id", name="pk_sink_token"),
        sa.ForeignKeyConstraint(["sink_id"], ["sink.id"], name="fk_sink_token_sink_id"),
    )
    op.create_table(
        "sink_progress",
        sa.Column("sink_id", sa.Uuid, nullable=False),
        sa.Column("incarnation", sa.Uuid),
        sa.Column("commit_number", sa.BigInteger, nullable=False),
        sa.Column("points", sa.BigInteger, nullable=False),
        sa.Column("refused_points", sa.BigInteger, nullable=False),
        sa.Column("outdated_points", sa.BigInteger, nullable=False),
        sa.Column("behind_since", MOMENT),
        sa.Column("proven_at", MOMENT),
        sa.Column("trouble", sa.Text),
        sa.Column("holder", sa.Uuid),
        sa.Column("held_until", MOMENT),
        sa.PrimaryKeyConstraint("sink_id", name="pk_sink_progress"),
        sa.ForeignKeyConstraint(["sink_id"], ["sink.id"], name="fk_sink_progress_sink_id"),
    )
    op.create_table(
        "sink_refused",
        sa.Column("sink_id", sa.Uuid, nullable=False),
        sa.Column("result_id", sa.Uuid, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("refused_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("sink_id", "result_id", name="pk_sink_refused"),
        sa.ForeignKeyConstraint(["sink_id"], ["sink.id"], name="fk_sink_refused_sink_id"),
    )
