"""Tables of the control database, portable between SQLite and PostgreSQL."""

from datetime import UTC, datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    Time,
    TypeDecorator,
    UniqueConstraint,
    Uuid,
    false,
)

NAMES = {
    "pk": "pk_%(table_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
}

metadata = MetaData(naming_convention=NAMES)

NAME_KEY = String(600).with_variant(String(600, collation="C"), "postgresql")
"""The longest name casefolds to this many characters. Lists go by it: by code points everywhere."""


class Instant(TypeDecorator[datetime]):
    """A moment in UTC. SQLite keeps no time zone, so UTC is put back on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is not None and value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        return value and value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


district = Table(
    "district",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", String(200), nullable=False),
)

school = Table(
    "school",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("district_id", Uuid, ForeignKey("district.id"), nullable=False),
    Column("name", String(200), nullable=False),
    Column("name_key", NAME_KEY, nullable=False),
    Column("timezone", String(64), nullable=False),
    Column("opens", Time, nullable=False),
    Column("closes", Time, nullable=False),
    Column("weekdays", String(7), nullable=False),
    Column("simulated", Boolean, nullable=False, server_default=false()),
    Column("by_weekday", Text),
    Column("least_used_hours", String(100)),
    UniqueConstraint("district_id", "name_key"),
)

people = Table(
    "people",
    metadata,
    Column("school_id", Uuid, ForeignKey("school.id"), primary_key=True),
    Column("since", Date, primary_key=True),
    Column("students", Integer, CheckConstraint("students >= 0", "students"), nullable=False),
    Column("staff", Integer, CheckConstraint("staff >= 0", "staff"), nullable=False),
    Column("concurrent_users", Integer),
)

# For every school where `school_id` is null.
calendar_day = Table(
    "calendar_day",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("school_id", Uuid, ForeignKey("school.id"), index=True),
    Column("first", Date, nullable=False),
    Column("last", Date, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("name", String(200), nullable=False),
    Column("begins", Time),
    Column("closes", Time),
)

link = Table(
    "link",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", String(200), nullable=False),
    Column("name_key", NAME_KEY, nullable=False, unique=True),
    Column("segment", String(16), nullable=False),
    Column("contracted_bits_per_second", Float),
    Column("price_per_month", Float),
    Column("contract_ends", Date),
)

# What a line hangs on. Apart, so that erasing the one leaves the other.
link_upstream = Table(
    "link_upstream",
    metadata,
    Column("link_id", Uuid, ForeignKey("link.id"), primary_key=True),
    Column("upstream_id", Uuid, ForeignKey("link.id"), nullable=False, index=True),
)

link_school = Table(
    "link_school",
    metadata,
    Column("link_id", Uuid, ForeignKey("link.id"), primary_key=True),
    Column("school_id", Uuid, ForeignKey("school.id"), primary_key=True, index=True),
)

reflector = Table(
    "reflector",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", String(200), nullable=False),
    Column("name_key", NAME_KEY, nullable=False, unique=True),
    Column("host", String(253), nullable=False),
    Column("port", Integer, nullable=False),
    Column("segment", String(16), nullable=False),
    Column("link_id", Uuid, ForeignKey("link.id")),
    Column("tls", Boolean, nullable=False),
    Column("fingerprint", String(64)),
    Column("removed_at", Instant),
)

# In the clear, since tokens are signed with it; apart, so that no list of test servers reads it.
access_key = Table(
    "access_key",
    metadata,
    Column("reflector_id", Uuid, ForeignKey("reflector.id"), primary_key=True),
    Column("key", String(200), nullable=False),
    Column("made_at", Instant, nullable=False),
)

room = Table(
    "room",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("school_id", Uuid, ForeignKey("school.id"), nullable=False),
    Column("name", String(200), nullable=False),
    Column("name_key", NAME_KEY, nullable=False),
    Column("code", String(8), nullable=False, unique=True),
    Column("made_at", Instant, nullable=False),
    UniqueConstraint("school_id", "name_key"),
)

# A room may be gone before its test is: no foreign key leads there.
room_test = Table(
    "room_test",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("room_id", Uuid, nullable=False),
    Column("school_id", Uuid, ForeignKey("school.id"), nullable=False, index=True),
    Column("test", Text, nullable=False),
    Column("ends_at", Instant, nullable=False),
    Column("state", String(16), nullable=False),
)

agent = Table(
    "agent",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("school_id", Uuid, ForeignKey("school.id"), nullable=False, index=True),
    Column("name", String(200), nullable=False),
    Column("location", String(200)),
    Column("version", String(200), nullable=False),
    Column("key_hash", LargeBinary(32), nullable=False, unique=True),
    Column("joined_at", Instant, nullable=False),
    Column("last_seen_at", Instant),
    Column("spooled_results", Integer),
    Column("dropped_results", Text),
    Column("revoked_at", Instant),
    Column("asleep_since", Instant),
    Column("forked_from", Uuid),
    Column("clock_offset_seconds", Float),
)

join_token = Table(
    "join_token",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("secret_hash", LargeBinary(32), nullable=False, unique=True),
    Column("school_id", Uuid, ForeignKey("school.id"), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("uses", Integer, nullable=False),
    Column("uses_left", Integer, CheckConstraint("uses_left >= 0", "uses_left"), nullable=False),
)

user_token = Table(
    "user_token",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", String(200), nullable=False, unique=True),
    Column("secret_hash", LargeBinary(32), nullable=False, unique=True),
    Column("permissions", String(200), nullable=False),
    Column("created_at", Instant, nullable=False),
)

login_link = Table(
    "login_link",
    metadata,
    Column("secret_hash", LargeBinary(32), primary_key=True),
    Column("expires_at", Instant, nullable=False),
)

session = Table(
    "session",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("secret_hash", LargeBinary(32), nullable=False, unique=True),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
)

school_network = Table(
    "school_network",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("subnet", String(64), nullable=False, unique=True),
    Column("note", String(200), nullable=False),
)

# For every school where `school_id` is null; a school's own row wins.
agent_setting = Table(
    "agent_setting",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("school_id", Uuid, ForeignKey("school.id")),
    Column("key", String(200), nullable=False),
    Column("value", String(400), nullable=False),
    UniqueConstraint("school_id", "key"),
)

# The constraint takes two nulls for different schools, so the district's own rows need an index.
Index(
    "uq_agent_setting_key_of_district",
    agent_setting.c.key,
    unique=True,
    sqlite_where=agent_setting.c.school_id.is_(None),
    postgresql_where=agent_setting.c.school_id.is_(None),
)

# As the district edited it where `school_id` is null; a school's own row wins.
demand_assumption = Table(
    "demand_assumption",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("school_id", Uuid, ForeignKey("school.id")),
    Column("key", String(200), nullable=False),
    Column("value", String(400), nullable=False),
    UniqueConstraint("school_id", "key"),
)

Index(
    "uq_demand_assumption_key_of_district",
    demand_assumption.c.key,
    unique=True,
    sqlite_where=demand_assumption.c.school_id.is_(None),
    postgresql_where=demand_assumption.c.school_id.is_(None),
)

# How much measuring a line should get: of every line where `link_id` is null; a line's own wins.
# `id` is the line's, or zero, so that each has one at most.
coverage_goal = Table(
    "coverage_goal",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("link_id", Uuid, ForeignKey("link.id"), unique=True),
    Column("closed_tests", Integer, nullable=False),
    Column("closed_days", Integer, nullable=False),
    Column("school_days", Integer, nullable=False),
    Column("hour_bands", Integer, nullable=False),
    Column("location_tests", Integer, nullable=False),
)

# Something that was changed on a day, at a line or at a school: one of both.
change_mark = Table(
    "change_mark",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("day", Date, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("text", String(200), nullable=False),
    Column("link_id", Uuid, ForeignKey("link.id"), index=True),
    Column("school_id", Uuid, ForeignKey("school.id"), index=True),
    Column("made_at", Instant, nullable=False),
)

# Permission for one test to load its lines. Its bytes are set aside on `day`, the school's own, and
# counted whole until `used_bytes` is known.
slot = Table(
    "slot",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("agent_id", Uuid, ForeignKey("agent.id"), nullable=False, index=True),
    Column("school_id", Uuid, ForeignKey("school.id"), nullable=False, index=True),
    Column("reflector_id", Uuid, ForeignKey("reflector.id"), index=True),
    Column("begins_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False, index=True),
    Column("day", Date, nullable=False),
    Column("reserved_bytes", BigInteger, nullable=False),
    Column("used_bytes", BigInteger),
)

# `line_id` is a line's, or a school's: that stands for the lines that are its alone.
slot_line = Table(
    "slot_line",
    metadata,
    Column("slot_id", Uuid, ForeignKey("slot.id"), primary_key=True),
    Column("line_id", Uuid, primary_key=True),
    Column("begins_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
    Index(None, "line_id", "ends_at"),
)

# In a day (2026-03-02) or a month (2026-03): what tests used, and what is set aside for them.
school_spending = Table(
    "school_spending",
    metadata,
    Column("school_id", Uuid, ForeignKey("school.id"), primary_key=True),
    Column("period", String(10), primary_key=True),
    Column("bytes", BigInteger, nullable=False),
)

agent_spending = Table(
    "agent_spending",
    metadata,
    Column("agent_id", Uuid, ForeignKey("agent.id"), primary_key=True),
    Column("period", String(10), primary_key=True),
    Column("bytes", BigInteger, nullable=False),
)

# Agents whose version asks for slots: their tests without one are strangers' to a test server.
slot_asker = Table(
    "slot_asker",
    metadata,
    Column("agent_id", Uuid, ForeignKey("agent.id"), primary_key=True),
    Column("version", String(200), nullable=False),
)

# Several agents that test one line at once. What came of it is the result of the same id.
group_test = Table(
    "group_test",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("link_id", Uuid, ForeignKey("link.id"), nullable=False, index=True),
    Column("reflector_id", Uuid, ForeignKey("reflector.id"), nullable=False, index=True),
    Column("direction", String(8), nullable=False),
    Column("state", String(8), nullable=False, index=True),
    Column("reason", Text),
    Column("called_by", String(8), nullable=False),
    Column("called_at", Instant, nullable=False, index=True),
    Column("wanted_at", Instant, nullable=False),
    Column("in_school_hours", Boolean, nullable=False),
    Column("wanted_bits_per_second", Float),
    Column("begins_at", Instant),
    Column("ends_at", Instant),
    Column("line_bits_per_second", Float),
    Column("bound", String(8)),
)

group_member = Table(
    "group_member",
    metadata,
    Column("group_id", Uuid, ForeignKey("group_test.id"), primary_key=True),
    Column("agent_id", Uuid, ForeignKey("agent.id"), primary_key=True, index=True),
    Column("school_id", Uuid, ForeignKey("school.id"), nullable=False, index=True),
    Column("state", String(8), nullable=False),
    Column("why_not", Text),
    Column("ceiling_bits_per_second", Float),
    Column("bytes_at_most", BigInteger, nullable=False),
    Column("joins_after_seconds", Float),
    Column("result_id", Uuid),
    Column("slot_id", Uuid),
)

# Agents whose version asks for group tests.
group_asker = Table(
    "group_asker",
    metadata,
    Column("agent_id", Uuid, ForeignKey("agent.id"), primary_key=True),
    Column("version", String(200), nullable=False),
)

# One row a night's work, a backup or an erasure. One that was broken off has no end.
upkeep_run = Table(
    "upkeep_run",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("task", String(16), nullable=False),
    Column("began_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("done", Text, nullable=False),
    Column("error", Text),
)

upkeep_setting = Table(
    "upkeep_setting",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("value", String(400), nullable=False),
)

backup = Table(
    "backup",
    metadata,
    Column("directory", Text, primary_key=True),
    Column("made_at", Instant, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
)

# Who was erased is known by a digest alone; by ids in `pending` until it is done.
erasure = Table(
    "erasure",
    metadata,
    Column("digest", LargeBinary(32), primary_key=True),
    Column("kind", String(8), nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("done_at", Instant),
    Column("pending", Text),
)

# This and the next three are used where several collectors share a store of results. In one row:
# what latency windows of commits up to `hours_upto` began before `hours_before` is kept as hours.
results_store = Table(
    "results_store",
    metadata,
    Column("only_row", Boolean, primary_key=True),
    Column("incarnation", Uuid, nullable=False),
    Column("last_commit", BigInteger, nullable=False),
    Column("hours_before", Instant),
    Column("hours_upto", BigInteger, nullable=False),
)

# Commits that don't count: not yet (pending), or never (void). One that counts has no row.
results_commit = Table(
    "results_commit",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("state", String(8), nullable=False),
    Column("began_at", Instant, nullable=False),
)

batch_ledger = Table(
    "batch_ledger",
    metadata,
    Column("agent_id", Uuid, primary_key=True),
    Column("epoch", Uuid, primary_key=True),
    Column("lane", String(16), primary_key=True),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("digest", LargeBinary(32), nullable=False),
    Column("commit_number", BigInteger, nullable=False, index=True),
)

# Spans of batches that were all committed, and are not in the ledger any more.
batch_span = Table(
    "batch_span",
    metadata,
    Column("agent_id", Uuid, primary_key=True),
    Column("epoch", Uuid, primary_key=True),
    Column("lane", String(16), primary_key=True),
    Column("first", BigInteger, primary_key=True, autoincrement=False),
    Column("last", BigInteger, nullable=False),
)

# Where results are sent on to.
sink = Table(
    "sink",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", String(200), nullable=False),
    Column("name_key", String(400), nullable=False, unique=True),
    Column("kind", String(16), nullable=False),
    Column("url", String(400), nullable=False),
    Column("org", String(200), nullable=False),
    Column("bucket", String(200), nullable=False),
    Column("proof", String(16), nullable=False),
    Column("added_at", Instant, nullable=False),
)

# In the clear, since it is sent along; apart, so that no list of sinks reads it.
sink_token = Table(
    "sink_token",
    metadata,
    Column("sink_id", Uuid, ForeignKey("sink.id"), primary_key=True),
    Column("token", String(1000), nullable=False),
)

# `holder` is the one of several collectors that sends, as long as it says so again in time.
sink_progress = Table(
    "sink_progress",
    metadata,
    Column("sink_id", Uuid, ForeignKey("sink.id"), primary_key=True),
    Column("incarnation", Uuid),
    Column("commit_number", BigInteger, nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("refused_points", BigInteger, nullable=False),
    Column("outdated_points", BigInteger, nullable=False),
    Column("behind_since", Instant),
    Column("proven_at", Instant),
    Column("trouble", Text),
    Column("holder", Uuid),
    Column("held_until", Instant),
)

sink_refused = Table(
    "sink_refused",
    metadata,
    Column("sink_id", Uuid, ForeignKey("sink.id"), primary_key=True),
    Column("result_id", Uuid, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("reason", Text, nullable=False),
    Column("refused_at", Instant, nullable=False),
)

# One row a file that was brought in, whether it was put in force or not.
import_run = Table(
    "import_run",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("format", String(40), nullable=False),
    Column("source", String(40), nullable=False, index=True),
    Column("digest", LargeBinary(32)),
    Column("state", String(16), nullable=False, index=True),
    Column("asked_by", String(200), nullable=False),
    Column("asked_at", Instant, nullable=False, index=True),
    Column("ended_at", Instant),
    Column("trouble", Text),
    Column("rows_read", BigInteger, nullable=False),
    Column("accepted", BigInteger, nullable=False),
    Column("refused", BigInteger, nullable=False),
    Column("added", BigInteger, nullable=False),
    Column("changed", BigInteger, nullable=False),
    Column("unchanged", BigInteger, nullable=False),
    Column("vanished", BigInteger, nullable=False),
    Column("chunks", Integer, nullable=False),
    Column("chunks_done", Integer, nullable=False),
)

# What of a file is put in force together, compressed; and once it was, what was there before.
import_chunk = Table(
    "import_chunk",
    metadata,
    Column("import_id", Uuid, ForeignKey("import_run.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("entries", LargeBinary, nullable=False),
    Column("before", LargeBinary),
)

import_refused = Table(
    "import_refused",
    metadata,
    Column("import_id", Uuid, ForeignKey("import_run.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("line", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("cells", Text, nullable=False),
)

# Which columns of people's own files hold what, as they chose, by format.
import_mapping = Table(
    "import_mapping",
    metadata,
    Column("format", String(40), primary_key=True),
    Column("headings", Text, nullable=False),
)

# What other systems call a school.
school_alias = Table(
    "school_alias",
    metadata,
    Column("name_key", NAME_KEY, primary_key=True),
    Column("name", String(200), nullable=False),
    Column("school_id", Uuid, ForeignKey("school.id"), nullable=False, index=True),
)

# The key with which hardware addresses are hashed.
address_key = Table(
    "address_key",
    metadata,
    Column("only_row", Boolean, primary_key=True),
    Column("key", LargeBinary(32), nullable=False),
)

# Who wins where sources disagree, where the district has a rule of its own.
fleet_rule = Table(
    "fleet_rule",
    metadata,
    Column("only_row", Boolean, primary_key=True),
    Column("rule", Text, nullable=False),
)

# Models that the district supports; none: it has no such list.
supported_model = Table(
    "supported_model",
    metadata,
    Column("name_key", NAME_KEY, primary_key=True),
    Column("name", String(200), nullable=False),
)

# What all sources together say of a device, by the rule of who wins. `facts` has it whole.
device = Table(
    "device",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("school_id", Uuid, ForeignKey("school.id"), index=True),
    Column("place", String(200)),
    Column("serial", String(200), index=True),
    Column("asset_tag", String(200)),
    Column("kind", String(16)),
    Column("make", String(200)),
    Column("model", String(200), index=True),
    Column("state", String(16)),
    Column("state_since", Date),
    Column("os_name", String(200)),
    Column("os_version", String(200)),
    Column("support_ends_on", Date),
    Column("purchased_on", Date),
    Column("purchase_cost_cents", BigInteger),
    Column("currency", String(3)),
    Column("warranty_ends_on", Date),
    Column("memory_bytes", BigInteger),
    Column("battery_health_ratio", Float),
    Column("hours_a_week", Float),
    Column("last_seen_at", Instant),
    Column("sources", String(400), nullable=False),
    Column("conflicts", Integer, nullable=False),
    Column("vanished", Boolean, nullable=False),
    Column("search", Text, nullable=False),
    Column("facts", Text, nullable=False),
)

# What one source says of a device, by its own key.
device_source = Table(
    "device_source",
    metadata,
    Column("source", String(40), primary_key=True),
    Column("key", String(200), primary_key=True),
    Column(
        "device_id",
        Uuid,
        ForeignKey("device.id", deferrable=True, initially="DEFERRED"),
        nullable=False,
        index=True,
    ),
    Column("facts", Text, nullable=False),
    Column("said_at", Instant, nullable=False),
    Column("vanished_at", Instant),
)

# By what devices are known again: serial, asset tag, hashed hardware address.
device_identity = Table(
    "device_identity",
    metadata,
    Column("kind", String(10), primary_key=True),
    Column("value", String(200), primary_key=True),
    Column("source", String(40), primary_key=True),
    Column("key", String(200), primary_key=True),
    Index("ix_device_identity_source_key", "source", "key"),
)

ticket = Table(
    "ticket",
    metadata,
    Column("source", String(40), primary_key=True),
    Column("key", String(200), primary_key=True),
    Column("device_id", Uuid, ForeignKey("device.id"), index=True),
    Column("device_key", String(200)),
    Column("serial", String(200)),
    Column("asset_tag", String(200)),
    Column("opened_on", Date, index=True),
    Column("closed_on", Date),
    Column("facts", Text, nullable=False),
    Column("said_at", Instant, nullable=False),
)

ticket_part = Table(
    "ticket_part",
    metadata,
    Column("source", String(40), primary_key=True),
    Column("key", String(200), primary_key=True),
    Column("ticket_key", String(200), nullable=False, index=True),
    Column("facts", Text, nullable=False),
    Column("said_at", Instant, nullable=False),
)

# How many people a school has, and what a public list says of it, as a source says.
school_source = Table(
    "school_source",
    metadata,
    Column("source", String(40), primary_key=True),
    Column("key", String(200), primary_key=True),
    Column("school_id", Uuid, ForeignKey("school.id"), index=True),
    Column("facts", Text, nullable=False),
    Column("said_at", Instant, nullable=False),
)

# What a room has, as a survey or somebody here says.
room_source = Table(
    "room_source",
    metadata,
    Column("source", String(40), primary_key=True),
    Column("key", String(200), primary_key=True),
    Column("school_id", Uuid, ForeignKey("school.id"), index=True),
    Column("facts", Text, nullable=False),
    Column("said_at", Instant, nullable=False),
)

# A part of a machine that isn't the one it was: perhaps a repair, which people confirm.
device_signal = Table(
    "device_signal",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("device_id", Uuid, ForeignKey("device.id"), nullable=False, index=True),
    Column("part", String(16), nullable=False),
    Column("before", String(200), nullable=False),
    Column("after", String(200), nullable=False),
    Column("noticed_at", Instant, nullable=False),
    Column("state", String(16), nullable=False, index=True),
    Column("decided_at", Instant),
)

# Rules and figures of the fleet that the district edited.
fleet_setting = Table(
    "fleet_setting",
    metadata,
    Column("key", String(60), primary_key=True),
    Column("value", Text, nullable=False),
)
