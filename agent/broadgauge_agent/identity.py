"""Who this agent is to its collector, and what the collector last told it."""

from pathlib import Path
from uuid import UUID

from msgspec import Struct

from broadgauge_wire import Settings, WireError, decode, encode

from .errors import NotJoinedError, StateError, StateNotPermittedError
from .state import IDENTITY, SETTINGS, write_private


class Identity(Struct, frozen=True, kw_only=True):
    """What joining yields. The key is this agent's password: the file is for its owner alone."""

    agent_id: UUID
    key: str
    collector_url: str
    school_id: UUID
    school: str
    location: str | None = None
    name: str | None = None
    ca: str | None = None
    """Certificates (PEM) the collector is trusted by, where the system's do not know it."""
    fingerprint: str | None = None
    """Of the one certificate that the collector is trusted by, if its join token named it."""
    machine: str | None = None
    """A keyed hash of this machine's id: where it differs, the state directory was copied."""
    forked_from: UUID | None = None
    """The agent whose copied spool this agent began with."""


def load_identity(state: Path) -> Identity:
    """This agent's identity. NotJoinedError if it has none, StateError if it is damaged."""
    file = state / IDENTITY
    try:
        return decode(file.read_bytes(), Identity)
    except FileNotFoundError:
        raise NotJoinedError(
            f"This agent has not joined a collector (there is no {file}). "
            "Run: broadgauge-agent join URL --token TOKEN"
        ) from None
    except PermissionError as error:
        raise StateNotPermittedError(
            f"This user may not read {file}. Run as the user that joined, or give this one its own "
            "--state."
        ) from error
    except OSError as error:
        raise StateError(f"{file} cannot be read: {error.strerror}.") from error
    except WireError as error:
        raise StateError(
            f"{file} is damaged ({error}). "
            "Join again: broadgauge-agent join URL --token TOKEN --force"
        ) from error


def save_identity(state: Path, identity: Identity) -> None:
    """Keep the identity, for this user's eyes only."""
    write_private(state / IDENTITY, encode(identity))


def load_settings(state: Path) -> Settings:
    """What the collector last said; nothing if it never did or the copy is damaged."""
    try:
        return decode((state / SETTINGS).read_bytes(), Settings)
    except (OSError, WireError):
        return Settings()


def save_settings(state: Path, settings: Settings) -> None:
    """Keep what the collector said, for times it is away."""
    write_private(state / SETTINGS, encode(settings))
