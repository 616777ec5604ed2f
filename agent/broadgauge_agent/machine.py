"""Which machine an agent's state directory belongs to."""

import contextlib
import hmac
from pathlib import Path

from msgspec.structs import replace

from broadgauge_host.machine_id import machine_id

from .errors import StateError
from .identity import Identity, save_identity
from .spool import Spool


def machine_hash(key: str) -> str | None:
    """This machine's id, hashed with the agent's key; None if it has none."""
    found = machine_id()
    if found is None:
        return None
    return hmac.new(key.encode(), b"machine " + found.encode(), "sha256").hexdigest()


def is_copied(identity: Identity) -> bool:
    """Whether the identity was made on another machine than this, as far as can be told."""
    if identity.machine is None:
        return False
    here = machine_hash(identity.key)
    return here is not None and not hmac.compare_digest(here, identity.machine)


def settle_copy(spool: Spool, identity: Identity) -> bool:
    """Whether the spool is a copy on another machine; before anything is added to it, it is noted
    what is the original's. SpoolError if that can't be."""
    here = machine_hash(identity.key)
    if here is None or identity.machine is None:
        return False
    if not hmac.compare_digest(here, identity.machine):
        spool.note_copied(here)
        return True
    spool.note_at_home()
    return False


def with_machine(state: Path, identity: Identity) -> Identity:
    """The identity with the machine it is on, if it didn't say: an earlier agent joined."""
    if identity.machine is None and (machine := machine_hash(identity.key)):
        identity = replace(identity, machine=machine)
        with contextlib.suppress(StateError):  # the next start tries again
            save_identity(state, identity)
    return identity
