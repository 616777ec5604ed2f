"""For schemathesis: where generated data names a thing, let it often name one that is there.

Without this nearly every request ends at "not found" or "not yours", and what lies behind is not
tried. Only well-typed values are replaced, so that wrong data stays wrong.
"""

import json
import os
from collections.abc import Callable
from typing import Any

import schemathesis
from schemathesis import HookContext

from broadgauge_wire.spec import MAX_TEXT

KNOWN = json.loads(os.environ["BROADGAUGE_KNOWN"])
"""Ids, names and tokens of what the server was filled with, by the name of the field."""

Body = dict[str, Any]


@schemathesis.hook
def map_path_parameters(context: HookContext, path_parameters: Body | None) -> Body | None:
    """About half of the paths lead somewhere."""
    return path_parameters and {
        name: KNOWN[name] if name in KNOWN and len(str(value)) % 2 == 0 else value
        for name, value in path_parameters.items()
    }


@schemathesis.hook
def map_body(context: HookContext, body: Any) -> Any:
    """Bodies of the operations that refer to schools, tokens and agents."""
    refers = REFERRING.get(context.operation.label) if context.operation else None
    return refers(body) if refers and isinstance(body, dict) else body


def with_known(*names: str) -> Callable[[Body], Body]:
    """Replaces text under these names."""

    def refer(body: Body) -> Body:
        texts = (name for name in names if isinstance(body.get(name), str))
        return body | {name: KNOWN[name] for name in texts if 0 < len(body[name]) <= MAX_TEXT}

    return refer


def with_known_schools(body: Body) -> Body:
    """A line of the schools that are there, if it is one of any."""
    schools = body.get("schools")
    if isinstance(schools, list) and schools and all(isinstance(s, str) and s for s in schools):
        return body | {"schools": [KNOWN["school"]]}
    return body


def with_known_sender(body: Body) -> Body:
    """A batch of the agent that sends it, with a whole result before what was generated."""
    results = body.get("results")
    if isinstance(results, list) and 0 < len(results) < 100:
        body = body | {"results": [KNOWN["result"], *results]}
    return with_known("agent_id")(body)


REFERRING: dict[str, Callable[[Body], Body]] = {
    "POST /api/v1/join": with_known("token", "school"),
    "POST /api/v1/batches": with_known_sender,
    "POST /api/v1/links": with_known_schools,
    "POST /api/v1/tokens": with_known("school"),
    "PUT /api/v1/agent-settings": with_known("school"),
}
