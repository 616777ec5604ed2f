"""What agents and collectors say to each other, beside results."""

from typing import Annotated, Any

from msgspec import Meta, Raw, Struct

from .fields import (
    END,
    BitsPerSecond,
    Count,
    Direction,
    Explanation,
    GroupReadiness,
    Id,
    Instant,
    Lane,
    Seconds,
    Segment,
    Text,
    Trigger,
    about,
)
from .spec import (
    MAX_BATCH_RESULTS,
    MAX_KINDS,
    MAX_PLAN_SPANS,
    MAX_SLOT_LINES,
    MAX_SLOT_SECONDS,
    MAX_SLOT_WAIT_SECONDS,
)

Secret = Annotated[str, Meta(max_length=200)]
LongSecret = Annotated[str, Meta(max_length=2000)]
Sequence = Annotated[int, Meta(ge=1, le=2**53)]
Port = Annotated[int, Meta(ge=1, le=65535)]
Fingerprint = Annotated[str, Meta(pattern=f"^[0-9a-f]{{64}}{END}")]
"""SHA-256 of a certificate's DER form, in hexadecimal."""


class Reflector(Struct, frozen=True, kw_only=True):
    """A test server an agent may measure to: ndt7 over TCP and the echo over UDP, on one port."""

    id: Annotated[Id, about("What the collector calls it")]
    name: Annotated[Text, about("What people call it")]
    host: Annotated[Text, about("Address or name it answers at")]
    port: Annotated[Port, about("TCP and UDP port it answers at")]
    segment: Annotated[Segment, about("Stretch of network that a test to it goes over")]
    tls: Annotated[bool, about("Whether it speaks TLS")] = False
    fingerprint: Annotated[
        Fingerprint | None,
        about(
            "SHA-256 of the certificate it shows, where no authority vouches for it. Unless the "
            "segment is the internet, it proves a school network"
        ),
    ] = None


class AccessToken(Struct, frozen=True, kw_only=True):
    """Lets an agent run planned tests on one registered test server, for a while."""

    reflector_id: Annotated[Id, about("Test server it is for")]
    token: Annotated[LongSecret, about("What is shown to the test server")]
    expires_at: Annotated[Instant, about("When it ends; the next `GET settings` brings another")]


class Settings(Struct, frozen=True, kw_only=True):
    """What the collector tells an agent: `GET settings`, and the answer to `POST asleep`."""

    reflectors: Annotated[
        tuple[Reflector, ...], about("Test servers this agent may measure to")
    ] = ()
    access_tokens: Annotated[
        tuple[AccessToken, ...], about("For those of the test servers that ask for one")
    ] = ()
    school_networks: Annotated[
        tuple[Text, ...], about("Subnets in CIDR notation that are the district's")
    ] = ()
    locations: Annotated[
        tuple[Text, ...], about("Rooms of the agent's school that are known, for a survey to offer")
    ] = ()
    configuration: Annotated[
        dict[str, Any],
        about(
            "Values for keys of the probes' settings; an agent leaves out what is beyond its own "
            "bounds"
        ),
    ] = {}


class PlanSpan(Struct, frozen=True, kw_only=True):
    """A span of time, and how often an agent makes heavy tests in it."""

    begins: Annotated[Instant, about("When it begins, UTC")]
    ends: Annotated[Instant, about("When it ends, UTC; the next one begins there")]
    tests_per_hour: Annotated[
        Annotated[float, Meta(ge=0, le=3600)],
        about("Mean number of heavy tests; the gaps vary at random", "1/h"),
    ]
    light: Annotated[bool, about("Students may be there: tests are made lighter")] = False
    routine: Annotated[
        bool, about("Tests only ask whether the line carries what is needed, where that is known")
    ] = False
    blackout: Annotated[bool, about("No heavy test, whatever the reason")] = False


class PlanTarget(Struct, frozen=True, kw_only=True):
    """What the line to a test server must carry."""

    reflector_id: Annotated[Id, about("The test server")]
    line_bits_per_second: Annotated[BitsPerSecond, about("Line rate that is needed", "bit/s")]


class Plan(Struct, frozen=True, kw_only=True):
    """`GET plan`: when an agent makes heavy tests. It holds until it ends, heard again or not."""

    made_at: Annotated[Instant, about("When it was made, by the collector's clock")]
    valid_until: Annotated[Instant, about("Until when it holds, by the collector's clock")]
    spans: Annotated[
        Annotated[tuple[PlanSpan, ...], Meta(max_length=MAX_PLAN_SPANS)],
        about("Spans in order, without gaps between them; none where nothing is planned"),
    ] = ()
    light_max_seconds: Annotated[
        Seconds, about("Longest time one direction of a light test may take", "s")
    ] = 5.0
    light_max_bytes: Annotated[
        Annotated[float, Meta(ge=0)],
        about("Most payload that one direction of a light test may cost", "byte"),
    ] = 3e8
    targets: Annotated[
        tuple[PlanTarget, ...], about("What lines must carry, for routine tests")
    ] = ()


class Asleep(Struct, frozen=True, kw_only=True):
    """`POST asleep`: all that an agent says away from school networks. There is nothing in it."""


class JoinRequest(Struct, frozen=True, kw_only=True):
    """`POST join`. With `school`, the join is refused if the token is for another one."""

    token: Annotated[Secret, about("Secret of a join token, without the fingerprint")]
    agent_version: Annotated[Text, about("Version of the agent that asks")]
    name: Annotated[
        Text | None, about("What to call the agent; the collector names it if null")
    ] = None
    location: Annotated[Text | None, about("Room, wing or wiring closet the machine is in")] = None
    school: Annotated[
        Text | None, about("Refuse the join if the token is for another school than this")
    ] = None


class JoinAnswer(Struct, frozen=True, kw_only=True):
    """The agent's name and key. The key is said once; the collector keeps only its hash."""

    agent_id: Annotated[Id, about("What the agent is called from now on")]
    key: Annotated[Secret, about("The agent's key, said once; the collector keeps its hash")]
    school_id: Annotated[Id, about("School the token was for")]
    school: Annotated[Text, about("Its name")]
    settings: Annotated[Settings, about("What `GET settings` would say")]


class ForkRequest(Struct, frozen=True, kw_only=True):
    """`POST agents/fork`, with the key of the agent whose spool was copied. The answer is that of
    `POST join`: an agent of the copy's own, at the same school."""

    id: Annotated[Id, about("Made by the copy, once: asked again, it is given the same agent")]
    agent_version: Annotated[Text, about("Version of the agent that asks")]


class SlotRequest(Struct, frozen=True, kw_only=True):
    """`POST slots`: may I load the line for a moment? Asked before every test that does."""

    id: Annotated[
        Id, about("Made by the agent, once a test: asked again, it is given the same slot")
    ]
    reflector_id: Annotated[
        Id | None, about("Test server the test goes to; null for one that isn't the district's")
    ] = None
    directions: Annotated[
        Annotated[tuple[Direction, ...], Meta(min_length=1, max_length=2)],
        about("Which ways it loads the line"),
    ]
    trigger: Annotated[Trigger, about("Why it runs")] = "planned"
    bytes_expected: Annotated[
        Count, about("Payload it will cost, as tests before it did; 0 if there were none", "byte")
    ] = 0
    bytes_at_most: Annotated[
        Annotated[int, Meta(ge=1, le=2**53)],
        about("Payload it ends at; as much is set aside until it has ended", "byte"),
    ]
    seconds: Annotated[
        Annotated[float, Meta(gt=0, le=MAX_SLOT_SECONDS)],
        about("Longest time it may take, all directions together", "s"),
    ]
    waits_seconds: Annotated[
        Annotated[float, Meta(ge=0, le=MAX_SLOT_WAIT_SECONDS)],
        about("How late it may begin, where another test is on the line", "s"),
    ] = 0.0


class SlotAnswer(Struct, frozen=True, kw_only=True):
    """A line for a test, for a while. In seconds from now, since the two clocks may differ."""

    slot_id: Annotated[Id, about("What the collector calls it; the test's results say it")]
    token: Annotated[
        LongSecret | None,
        about("What is shown to the test server; null for one that asks for none"),
    ] = None
    begins_in_seconds: Annotated[
        Annotated[float, Meta(ge=0, le=1e6)],
        about("When it begins, counted from the answer", "s"),
    ]
    holds_seconds: Annotated[
        Annotated[float, Meta(ge=0, le=1e6)], about("How long it holds from then on", "s")
    ]
    bytes_at_most: Annotated[
        Count, about("Payload that was set aside: the test ends there", "byte")
    ]


class SlotPass(Struct, frozen=True, kw_only=True):
    """A slot as its access token says it (JSON, in the `slot` claim)."""

    id: Annotated[Id, about("The slot. Agents that test as a group share one")]
    lines: Annotated[
        Annotated[tuple[Id, ...], Meta(min_length=1, max_length=MAX_SLOT_LINES)],
        about("What the test loads: shared lines, and the school for whatever is its alone"),
    ]
    begins: Annotated[
        float,
        about(
            "When it begins by the collector's clock; slots of a line come in this order", "Unix s"
        ),
    ]
    seconds: Annotated[
        Annotated[float, Meta(gt=0, le=MAX_SLOT_SECONDS)], about("How long it holds", "s")
    ]
    bytes: Annotated[Count, about("Payload at which its tests end", "byte")]
    member_id: Annotated[
        Id | None, about("Whose bytes these are, where a group shares the slot; else null")
    ] = None


class SlotEnd(Struct, frozen=True, kw_only=True):
    """`POST slots/{slot_id}/end`: the test is over, and the line is free."""

    bytes_used: Annotated[Count, about("Payload it cost, both ways together", "byte")]


class GroupAsk(Struct, frozen=True, kw_only=True):
    """`POST group-calls`: am I called to a group test, and here is how I stand to it."""

    group_id: Annotated[
        Id | None, about("The group test that was heard of; null for none so far")
    ] = None
    state: Annotated[
        GroupReadiness, about("ready: holds still until it begins; cannot: takes no part in it")
    ] = "idle"
    why_not: Annotated[Explanation | None, about("Why it can't, if it can't")] = None


class GroupBegin(Struct, frozen=True, kw_only=True):
    """A member's part in a group test whose begin is set. In seconds from now, since clocks
    differ; the same asked again."""

    result_id: Annotated[Id, about("What its result is to be called")]
    slot_id: Annotated[Id, about("Its slot: to be ended with what it cost")]
    token: Annotated[
        LongSecret | None,
        about("What is shown to the test server; null for one that asks for none"),
    ] = None
    begins_in_seconds: Annotated[
        Annotated[float, Meta(ge=-1e6, le=1e6)],
        about("When the group begins, counted from when this was asked and answered", "s"),
    ]
    joins_after_seconds: Annotated[
        Seconds, about("When this member joins, from the group's begin", "s")
    ]
    ends_after_seconds: Annotated[Seconds, about("When all end, from the group's begin", "s")]
    connections: Annotated[
        Annotated[int, Meta(ge=1, le=16)], about("How many it opens, all at once")
    ] = 1
    bytes_at_most: Annotated[
        Count, about("Payload that was set aside for it: it ends there", "byte")
    ]


class GroupCall(Struct, frozen=True, kw_only=True):
    """A group test that an agent is called to."""

    group_id: Annotated[Id, about("What the collector calls it; results say it as swarm_id")]
    reflector_id: Annotated[Id, about("Test server that all of them test to")]
    direction: Annotated[Direction, about("Which way they load the line")]
    bytes_at_most: Annotated[Count, about("Payload that the part may cost", "byte")]
    begin: Annotated[
        GroupBegin | None, about("The member's part; null while it isn't set when to begin")
    ] = None


class GroupAnswer(Struct, frozen=True, kw_only=True):
    """What an agent is told of group tests."""

    call: Annotated[GroupCall | None, about("What it is called to; null where there is none")] = (
        None
    )
    ask_again_seconds: Annotated[
        Annotated[float, Meta(ge=0.1, le=86400)], about("When to ask again", "s")
    ]


class BatchKey(Struct, frozen=True, kw_only=True):
    """What names a batch: a spool's `epoch` is made with it, so a restored copy can be told."""

    agent_id: Annotated[Id, about("Agent that sends")]
    epoch: Annotated[Id, about("Made with the agent's spool, so that a restored copy can be told")]
    lane: Annotated[Lane, about("live for new results, backlog for what an outage left")]
    sequence: Annotated[Sequence, about("Number of the batch in its epoch and lane")]


class DroppedResults(Struct, frozen=True, kw_only=True):
    """Results of one kind that a full spool let go unsent, since the spool was made."""

    kind: Annotated[Text, about("Kind of result")]
    results: Annotated[Count, about("How many went")]
    oldest_at: Annotated[
        Instant, about("When the oldest of them was spooled, by the agent's clock")
    ]
    newest_at: Annotated[Instant, about("When the newest of them was spooled")]


class Batch(BatchKey, frozen=True, kw_only=True):
    """`POST batches`. Results stay raw, so that one bad record refuses itself and no other."""

    sent_at: Annotated[Instant, about("When it was sent, UTC, by the agent's clock")]
    results: Annotated[
        Annotated[tuple[Raw, ...], Meta(min_length=1, max_length=MAX_BATCH_RESULTS)],
        about("Results as the agent keeps them, each judged by itself"),
    ]
    spooled_results: Annotated[Count | None, about("How many more results wait to be sent")] = None
    dropped_results: Annotated[
        Annotated[tuple[DroppedResults, ...], Meta(max_length=MAX_KINDS)],
        about("What the agent's spool ever dropped unsent because it was full"),
    ] = ()
    inherited: Annotated[
        bool,
        about(
            "Results that a copied spool had before its fork: kept aside, the original sends them"
        ),
    ] = False
    damaged_results: Annotated[
        Count, about("Results that the agent's disk ever damaged before they were sent")
    ] = 0


class Refusal(Struct, frozen=True, kw_only=True):
    """A record the collector keeps aside: its place in the batch, its id if it had one, and why."""

    index: Annotated[Count, about("Place of the record in the batch, from 0")]
    id: Annotated[Text | None, about("Its id, if it had one")] = None
    reason: Annotated[Explanation, about("Why it was kept aside")]


class BatchAnswer(Struct, frozen=True, kw_only=True):
    """Said after the commit. Only a batch named here may be deleted from a spool."""

    committed: Annotated[
        tuple[BatchKey, ...], about("Batches that are stored and may be deleted from the spool")
    ]
    refused: Annotated[
        tuple[Refusal, ...], about("Records of this batch that were kept aside")
    ] = ()
    received_at: Annotated[Instant, about("The collector's clock, UTC")]
    store_id: Annotated[
        Id | None,
        about("What the batch is stored in. Another one than before was restored from a backup"),
    ] = None


class Problem(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """RFC 9457 problem details, media type `application/problem+json`."""

    title: Annotated[str, about("What is wrong, in a few words")]
    status: Annotated[int, about("HTTP status")]
    detail: Annotated[str, about("What is wrong here, and what to do about it")] = ""
    type: Annotated[str, about("Always about:blank: the status says the kind")] = "about:blank"
