"""What the agent keeps on this machine: its configuration, state directory, spool and identity."""

import errno
import os
import shutil
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from broadgauge_agent.config import load_config
from broadgauge_agent.errors import AgentError, NotJoinedError, StateNotPermittedError
from broadgauge_agent.identity import load_identity
from broadgauge_agent.spool_file import SpoolView, check_spool, view_spool
from broadgauge_agent.state import IDENTITY, SPOOL, make_state_directory
from broadgauge_host.diagnosis import Check, fault, trouble, unknown, well

if sys.platform == "win32":
    from ._ownership_windows import ownership_fault
else:
    from ._ownership_posix import ownership_fault

LOW_DISK_BYTES = 100 * 1024 * 1024
NO_ROOM = (errno.ENOSPC, errno.EDQUOT)

NOT_PERMITTED = "this user may not"
NOT_JOINED = "not joined"
DISK_FULL = "disk full"


def check_files(state: Path, config_file: Path, *, required: bool) -> Iterator[Check]:
    """In the order in which one depends on another."""
    yield check_disk(state)
    yield check_state_directory(state)
    yield check_configuration(config_file, required=required)
    yield check_spool_file(state)
    yield check_identity(state)


def check_state_directory(state: Path) -> Check:
    """Whether it is there and can be written. It isn't made: joining does that."""
    name = "state directory"
    try:
        state.stat()
        make_state_directory(state)
    except FileNotFoundError:
        return unknown(name, f"{state} is not there yet: joining makes it")
    except (OSError, AgentError) as error:
        return _not_writable(name, state, error)
    return well(name, f"{state} can be written")


def check_disk(state: Path) -> Check:
    """Whether there is room for results that can't be sent."""
    place = next((place for place in (state, *state.parents) if _is_there(place)), Path(os.sep))
    try:
        free = shutil.disk_usage(place).free
    except OSError as error:
        return trouble("disk", f"{place} can't be asked ({error.strerror})", "Check the disk.")
    detail = f"{_size(free)} free"
    if free >= LOW_DISK_BYTES:
        return well("disk", detail)
    advice = f"Free some room where {place} is: results that can't be kept are lost."
    return trouble("disk", detail, advice, cause=DISK_FULL)


def check_configuration(file: Path, *, required: bool) -> Check:
    """Whether every setting of this machine's own is one there is, and within its bounds."""
    try:
        load_config(file, os.environ, {}, required=required)
        return well("configuration", str(file) if file.exists() else "no file: the defaults")
    except (AgentError, PermissionError) as error:
        is_denied = isinstance(error.__cause__ or error, PermissionError)
        return fault("configuration", error, NOT_PERMITTED if is_denied else None)


def check_spool_file(state: Path) -> Check:
    """How much waits to be sent, since when, and whether the file is whole."""
    try:
        view = view_spool(state)
        if view is None:
            return well("spool", "empty: nothing was measured yet")
        if found := check_spool(state):
            advice = (
                "Start the agent again: it keeps the damaged file and sends what can be read of it."
            )
            return trouble("spool", f"{state / SPOOL} is damaged ({found})", advice)
        return well("spool", _spool_words(state, view), _put_aside(state))
    except PermissionError:
        advice = "Run this as the agent's user, or as an administrator."
        return trouble("spool", "this user may not read it", advice, cause=NOT_PERMITTED)
    except AgentError as error:
        return fault("spool", error)


def check_identity(state: Path) -> Check:
    """Whether this agent has joined, and its key is its own."""
    try:
        identity = load_identity(state)
    except NotJoinedError:
        return trouble(
            "identity",
            "this agent has not joined a collector",
            "Run: broadgauge-agent join URL --token TOKEN (the dashboard's Agents page has both)",
            cause=NOT_JOINED,
        )
    except AgentError as error:
        return fault(
            "identity", error, NOT_PERMITTED if isinstance(error, StateNotPermittedError) else None
        )
    if wrong := ownership_fault(state / IDENTITY):
        return trouble("identity", *wrong)
    return well("identity", f"agent {identity.agent_id} of {identity.school}")


def _not_writable(name: str, state: Path, error: Exception) -> Check:
    cause = error.__cause__ if isinstance(error, AgentError) else error
    number = cause.errno if isinstance(cause, OSError) else None
    words = os.strerror(number) if number else str(error)
    detail = f"{state} can't be written ({words})"
    if number in NO_ROOM:
        return trouble(name, detail, f"Free some room where {state} is.", cause=DISK_FULL)
    advice = (
        "Run this as the agent's user or as an administrator, give this user write permission, or "
        "choose another directory with --state DIR."
    )
    return trouble(name, detail, advice, cause=NOT_PERMITTED)


def _is_there(place: Path) -> bool:
    try:
        return place.exists()
    except OSError:
        return False


def _spool_words(state: Path, view: SpoolView) -> str:
    size = _size((state / SPOOL).stat().st_size)
    refused = f", {view.refused} refused by the collector and kept" if view.refused else ""
    if not view.waiting:
        return f"nothing waits to be sent{refused} ({size})"
    oldest = view.oldest_spooled_at
    since = f", the oldest for {_ago(oldest)}" if oldest is not None else ""
    return f"{view.waiting} results wait to be sent{since}{refused} ({size})"


def _put_aside(state: Path) -> str | None:
    files = sorted(file.name for file in state.glob("spool-*.sqlite"))
    if not files:
        return None
    return f"{', '.join(files)}: unsent results of a damaged spool or an earlier membership."


def _ago(instant: float) -> str:
    return str(timedelta(seconds=max(0, round(time.time() - instant))))


def _size(count_bytes: float) -> str:
    return f"{count_bytes / 1e9:.1f} GB" if count_bytes >= 1e9 else f"{count_bytes / 1e6:.1f} MB"
