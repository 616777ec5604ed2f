"""The system profiler's JSON. Its keys are the same in every language."""

from typing import Any

import msgspec

Report = dict[str, list[dict[str, Any]]]


def report_in(said: bytes | None) -> Report:
    """The report's sections; none in anything else."""
    try:
        return msgspec.json.decode((said or b"").decode("utf-8", "replace"), type=Report)
    except msgspec.DecodeError:
        return {}
