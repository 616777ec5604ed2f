"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

MOMENT = sa.DateTime(timezone=True)
NAME_KEY = sa.String(600).with_variant(sa.String(600, collation="C"), "postgresql")


def upgrade() -> None:
    """Create everything a collector without a past needs."""
    _schools()
    _links()
    _agents()
    _users()


def _schools() -> None:
    op.create_table(
        "district",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_district"),
    )
    op.create_table(
        "school",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("district_id", sa.Uuid, nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("name_key", NAME_KEY, nullable=False),
        sa.Column("timezone", sa.String(64), nullable=False),
        sa.Column("opens", sa.Time, nullable=False),
        sa.Column("closes", sa.Time, nullable=False),
        sa.Column("weekdays", sa.String(7), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_school"),
        sa.ForeignKeyConstraint(["district_id"], ["district.id"], name="fk_school_district_id"),
        sa.UniqueConstraint("district_id", "name_key", name="uq_school_district_id_name_key"),
    )
    op.create_table(
        "people",
        sa.Column("school_id", sa.Uuid, nullable=False),
        sa.Column("since", sa.Date, nullable=False),
        sa.Column("students", sa.Integer, nullable=False),
        sa.Column("staff", sa.Integer, nullable=False),
        sa.Column("concurrent_users", sa.Integer),
        sa.PrimaryKeyConstraint("school_id", "since", name="pk_people"),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_people_school_id"),
        sa.CheckConstraint("students >= 0", name=op.f("ck_people_students")),
        sa.CheckConstraint("staff >= 0", name=op.f("ck_people_staff")),
    )


def _links() -> None:
    op.create_table(
        "link",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("name_key", NAME_KEY, nullable=False),
        sa.Column("segment", sa.String(16), nullable=False),
        sa.Column("contracted_bits_per_second", sa.Float),
        sa.PrimaryKeyConstraint("id", name="pk_link"),
        sa.UniqueConstraint("name_key", name="uq_link_name_key"),
    )
    op.create_table(
        "link_school",
        sa.Column("link_id", sa.Uuid, nullable=False),
        sa.Column("school_id", sa.Uuid, nullable=False),
        sa.PrimaryKeyConstraint("link_id", "school_id", name="pk_link_school"),
        sa.ForeignKeyConstraint(["link_id"], ["link.id"], name="fk_link_school_link_id"),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_link_school_school_id"),
    )
    op.create_index("ix_link_school_school_id", "link_school", ["school_id"])
    op.create_table(
        "reflector",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("name_key", NAME_KEY, nullable=False),
        sa.Column("host", sa.String(253), nullable=False),
        sa.Column("port", sa.Integer, nullable=False),
        sa.Column("segment", sa.String(16), nullable=False),
        sa.Column("link_id", sa.Uuid),
        sa.Column("tls", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_reflector"),
        sa.ForeignKeyConstraint(["link_id"], ["link.id"], name="fk_reflector_link_id"),
        sa.UniqueConstraint("name_key", name="uq_reflector_name_key"),
    )


def _agents() -> None:
    op.create_table(
        "agent",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("school_id", sa.Uuid, nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("location", sa.String(200)),
        sa.Column("version", sa.String(200), nullable=False),
        sa.Column("key_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("joined_at", MOMENT, nullable=False),
        sa.Column("last_seen_at", MOMENT),
        sa.Column("spooled_results", sa.Integer),
        sa.Column("revoked_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_agent"),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_agent_school_id"),
        sa.UniqueConstraint("key_hash", name="uq_agent_key_hash"),
    )
    op.create_index("ix_agent_school_id", "agent", ["school_id"])
    op.create_table(
        "join_token",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("school_id", sa.Uuid, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("uses", sa.Integer, nullable=False),
        sa.Column("uses_left", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_join_token"),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_join_token_school_id"),
        sa.UniqueConstraint("secret_hash", name="uq_join_token_secret_hash"),
        sa.CheckConstraint("uses_left >= 0", name=op.f("ck_join_token_uses_left")),
    )


def _users() -> None:
    op.create_table(
        "user_token",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("permissions", sa.String(200), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_user_token"),
        sa.UniqueConstraint("name", name="uq_user_token_name"),
        sa.UniqueConstraint("secret_hash", name="uq_user_token_secret_hash"),
    )
    op.create_table(
        "login_link",
        sa.Column("secret_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("secret_hash", name="pk_login_link"),
    )
    op.create_table(
        "session",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_session"),
        sa.UniqueConstraint("secret_hash", name="uq_session_secret_hash"),
    )
