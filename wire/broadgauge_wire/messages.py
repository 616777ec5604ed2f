"""What agents and collectors say to each other, beside results."""

from typing import Annotated, Any

from msgspec import Meta, Raw, Struct

from .fields import Count, Explanation, Id, Instant, Lane, Segment, Text
from .spec import MAX_BATCH_RESULTS

Secret = Annotated[str, Meta(max_length=200)]
Sequence = Annotated[int, Meta(ge=1, le=2**53)]
Port = Annotated[int, Meta(ge=1, le=65535)]
Fingerprint = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
"""SHA-256 of a certificate's DER form, in hexadecimal."""


class Reflector(Struct, frozen=True, kw_only=True):
    """A test server an agent may measure to: ndt7 over TCP and the echo over UDP, on one port."""

    id: Id
    name: Text
    host: Text
    port: Port
    segment: Segment
    tls: bool = False
    fingerprint: Fingerprint | None = None
    """Of the certificate it shows, where no authority vouches for it. It proves a school network
    unless the segment is the internet."""


class Settings(Struct, frozen=True, kw_only=True):
    """What the collector tells an agent: `GET settings`, and the answer to `POST asleep`.

    `configuration` has keys of PROBE_SETTINGS; an agent leaves out what is beyond its own bounds.
    `school_networks` are subnets in CIDR notation.
    """

    reflectors: tuple[Reflector, ...] = ()
    school_networks: tuple[Text, ...] = ()
    configuration: dict[str, Any] = {}


class Asleep(Struct, frozen=True, kw_only=True):
    """`POST asleep`: all that an agent says away from school networks. There is nothing in it."""


class JoinRequest(Struct, frozen=True, kw_only=True):
    """`POST join`. With `school`, the join is refused if the token is for another one."""

    token: Secret
    agent_version: Text
    name: Text | None = None
    location: Text | None = None
    school: Text | None = None


class JoinAnswer(Struct, frozen=True, kw_only=True):
    """The agent's name and key. The key is said once; the collector keeps only its hash."""

    agent_id: Id
    key: Secret
    school_id: Id
    school: Text
    settings: Settings


class BatchKey(Struct, frozen=True, kw_only=True):
    """What names a batch: a spool's `epoch` is made with it, so a restored copy can be told."""

    agent_id: Id
    epoch: Id
    lane: Lane
    sequence: Sequence


class Batch(BatchKey, frozen=True, kw_only=True):
    """`POST batches`. Results stay raw, so that one bad record refuses itself and no other.

    `spooled_results` still wait to be sent, beside these.
    """

    sent_at: Instant
    results: Annotated[tuple[Raw, ...], Meta(min_length=1, max_length=MAX_BATCH_RESULTS)]
    spooled_results: Count | None = None


class Refusal(Struct, frozen=True, kw_only=True):
    """A record the collector keeps aside: its place in the batch, its id if it had one, and why."""

    index: Count
    id: Text | None = None
    reason: Explanation


class BatchAnswer(Struct, frozen=True, kw_only=True):
    """Said after the commit. Only a batch named here may be deleted from a spool."""

    committed: tuple[BatchKey, ...]
    refused: tuple[Refusal, ...] = ()
    received_at: Instant


class Problem(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """RFC 9457 problem details, media type `application/problem+json`."""

    title: str
    status: int
    detail: str = ""
    type: str = "about:blank"
