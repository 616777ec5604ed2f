"""Imports, devices, and what other systems say of them."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"

MOMENT = sa.DateTime(timezone=True)
NAME_KEY = sa.String(600).with_variant(sa.String(600, collation="C"), "postgresql")


def upgrade() -> None:
    """Nothing was imported."""
    op.create_table(
        "import_run",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("format", sa.String(40), nullable=False),
        sa.Column("source", sa.String(40), nullable=False),
        sa.Column("digest", sa.LargeBinary(32)),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("asked_by", sa.String(200), nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT),
        sa.Column("trouble", sa.Text),
        sa.Column("rows_read", sa.BigInteger, nullable=False),
        sa.Column("accepted", sa.BigInteger, nullable=False),
        sa.Column("refused", sa.BigInteger, nullable=False),
        sa.Column("added", sa.BigInteger, nullable=False),
        sa.Column("changed", sa.BigInteger, nullable=False),
        sa.Column("unchanged", sa.BigInteger, nullable=False),
        sa.Column("vanished", sa.BigInteger, nullable=False),
        sa.Column("chunks", sa.Integer, nullable=False),
        sa.Column("chunks_done", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_import_run"),
    )
    for column in ("asked_at", "source", "state"):
        _index("import_run", column)
    op.create_table(
        "import_chunk",
        sa.Column("import_id", sa.Uuid, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("entries", sa.LargeBinary, nullable=False),
        sa.Column("before", sa.LargeBinary),
        sa.PrimaryKeyConstraint("import_id", "number", name="pk_import_chunk"),
        _key("import_chunk", "import_id", "import_run"),
    )
    op.create_table(
        "import_refused",
        sa.Column("import_id", sa.Uuid, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("line", sa.BigInteger, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("cells", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("import_id", "number", name="pk_import_refused"),
        _key("import_refused", "import_id", "import_run"),
    )
    op.create_table(
        "import_mapping",
        sa.Column("format", sa.String(40), nullable=False),
        sa.Column("headings", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("format", name="pk_import_mapping"),
    )
    op.create_table(
        "school_alias",
        sa.Column("name_key", NAME_KEY, nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("school_id", sa.Uuid, nullable=False),
        sa.PrimaryKeyConstraint("name_key", name="pk_school_alias"),
        _key("school_alias", "school_id", "school"),
    )
    _index("school_alias", "school_id")
    op.create_table(
        "address_key",
        sa.Column("only_row", sa.Boolean, nullable=False),
        sa.Column("key", sa.LargeBinary(32), nullable=False),
        sa.PrimaryKeyConstraint("only_row", name="pk_address_key"),
    )
    op.create_table(
        "fleet_rule",
        sa.Column("only_row", sa.Boolean, nullable=False),
        sa.Column("rule", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("only_row", name="pk_fleet_rule"),
    )
    op.create_table(
        "supported_model",
        sa.Column("name_key", NAME_KEY, nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("name_key", name="pk_supported_model"),
    )
    op.create_table(
        "device",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("school_id", sa.Uuid),
        sa.Column("place", sa.String(200)),
        sa.Column("serial", sa.String(200)),
        sa.Column("asset_tag", sa.String(200)),
        sa.Column("kind", sa.String(16)),
        sa.Column("make", sa.String(200)),
        sa.Column("model", sa.String(200)),
        sa.Column("state", sa.String(16)),
        sa.Column("state_since", sa.Date),
        sa.Column("os_name", sa.String(200)),
        sa.Column("os_version", sa.String(200)),
        sa.Column("support_ends_on", sa.Date),
        sa.Column("purchased_on", sa.Date),
        sa.Column("purchase_cost_cents", sa.BigInteger),
        sa.Column("currency", sa.String(3)),
        sa.Column("warranty_ends_on", sa.Date),
        sa.Column("memory_bytes", sa.BigInteger),
        sa.Column("battery_health_ratio", sa.Float),
        sa.Column("hours_a_week", sa.Float),
        sa.Column("last_seen_at", MOMENT),
        sa.Column("sources", sa.String(400), nullable=False),
        sa.Column("conflicts", sa.Integer, nullable=False),
        sa.Column("vanished", sa.Boolean, nullable=False),
        sa.Column("search", sa.Text, nullable=False),
        sa.Column("facts", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_device"),
        _key("device", "school_id", "school"),
    )
    for column in ("model", "school_id", "serial"):
        _index("device", column)
    op.create_table(
        "device_source",
        sa.Column("source", sa.String(40), nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("device_id", sa.Uuid, nullable=False),
        sa.Column("facts", sa.Text, nullable=False),
        sa.Column("said_at", MOMENT, nullable=False),
        sa.Column("vanished_at", MOMENT),
        sa.PrimaryKeyConstraint("source", "key", name="pk_device_source"),
        _key("device_source", "device_id", "device", deferred=True),
    )
    _index("device_source", "device_id")
    op.create_table(
        "device_identity",
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("value", sa.String(200), nullable=False),
        sa.Column("source", sa.String(40), nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("kind", "value", "source", "key", name="pk_device_identity"),
    )
    op.create_index("ix_device_identity_source_key", "device_identity", ["source", "key"])
    op.create_table(
        "ticket",
        sa.Column("source", sa.String(40), nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("device_id", sa.Uuid),
        sa.Column("device_key", sa.String(200)),
        sa.Column("serial", sa.String(200)),
        sa.Column("asset_tag", sa.String(200)),
        sa.Column("opened_on", sa.Date),
        sa.Column("closed_on", sa.Date),
        sa.Column("facts", sa.Text, nullable=False),
        sa.Column("said_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("source", "key", name="pk_ticket"),
        _key("ticket", "device_id", "device"),
    )
    for column in ("device_id", "opened_on"):
        _index("ticket", column)
    op.create_table(
        "ticket_part",
        sa.Column("source", sa.String(40), nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("ticket_key", sa.String(200), nullable=False),
        sa.Column("facts", sa.Text, nullable=False),
        sa.Column("said_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("source", "key", name="pk_ticket_part"),
    )
    _index("ticket_part", "ticket_key")
    op.create_table(
        "school_source",
        sa.Column("source", sa.String(40), nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("school_id", sa.Uuid),
        sa.Column("facts", sa.Text, nullable=False),
        sa.Column("said_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("source", "key", name="pk_school_source"),
        _key("school_source", "school_id", "school"),
    )
    _index("school_source", "school_id")


def _key(table: str, column: str, other: str, *, deferred: bool = False) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column],
        [f"{other}.id"],
        name=f"fk_{table}_{column}",
        deferrable=deferred or None,
        initially="DEFERRED" if deferred else None,
    )


def _index(table: str, column: str) -> None:
    op.create_index(f"ix_{table}_{column}", table, [column])
