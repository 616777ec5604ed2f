"""The API, from its own OpenAPI document."""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from broadgauge_collector import errors
from broadgauge_collector.api.routes import API_ROUTES, OTHER_ROUTES
from broadgauge_collector.app import create_app, open_services
from broadgauge_collector.config import ServerConfig
from broadgauge_wire.spec import API_PREFIX
from tests.docs.reference.markdown import first_sentence, paragraphs, prose, sentence, table
from tests.docs.reference.schemas import Schema, described, shown, words
from tests.docs.reference.trees import tree

PERMISSIONS = {
    "public": "anyone",
    "agent": "an agent, with its key",
    "read": "whoever may read",
    "manage": "whoever may manage",
}


def document() -> dict[str, Any]:
    """What `GET /api/v1/openapi.json` answers."""
    with TemporaryDirectory() as data:
        services = open_services(ServerConfig(data=Path(data)))
        try:
            made: dict[str, Any] = create_app(services, dashboard=False).openapi()
        finally:
            services.close()
    return made


def page() -> str:
    """Routes, the messages they take and give, and problems."""
    made = document()
    schemas = made["components"]["schemas"]
    messages = (described(name, schemas[name]) for name in sorted(schemas, key=_last_part))
    return paragraphs(
        "## Routes", *_routes(made), "## Beside the API", _beside(), "## Problems", _problems(),
        "## Messages", *messages,
    )  # fmt: skip


def _routes(made: dict[str, Any]) -> Iterator[str]:
    groups: dict[str, list[str]] = defaultdict(list)
    for path, operations in made["paths"].items():
        for method, operation in operations.items():
            groups[_group(path)].append(_route(method.upper(), path, operation))
    for sections in groups.values():
        yield from sections


def _group(path: str) -> str:
    return path.removeprefix(API_PREFIX).split("/")[1]


def _route(method: str, path: str, operation: dict[str, Any]) -> str:
    parameters = [_parameter(p) for p in operation.get("parameters", ())]
    headings = ("parameter", "in", "is", "default", "meaning")
    return paragraphs(
        f"### `{method} {path}`",
        prose(operation["description"]),
        f"Open to {PERMISSIONS[operation['x-permission']]}. {_body(operation)}{_answer(operation)}",
        table(headings, parameters) if parameters else "",
    )


def _parameter(said: dict[str, Any]) -> tuple[str, ...]:
    default = "required" if said["required"] else shown(said["schema"].get("default"))
    meaning = sentence(said.get("description", ""))
    return f"`{said['name']}`", said["in"], words(said["schema"]), default, meaning


def _body(operation: dict[str, Any]) -> str:
    if "requestBody" not in operation:
        return ""
    return f"The body is {_message(operation['requestBody'])}. "


def _answer(operation: dict[str, Any]) -> str:
    answers = operation["responses"]
    (status,) = (known for known in answers if known.startswith("2"))
    problems = ", ".join(known for known in answers if known != status)
    what = _message(answers[status]) if "content" in answers[status] else "nothing more"
    return f"The answer is {status} with {what}, or a [problem](#problems): {problems}."


def _message(said: dict[str, Any]) -> str:
    kinds = said["content"]
    schema: Schema = kinds.get("application/json", {}).get("schema", {})
    files = [f"`{kind}`" for kind in kinds if kind != "application/json"]
    return " or ".join([*([words(schema)] if schema else []), *files])


def _beside() -> str:
    hidden = [("", r) for r in OTHER_ROUTES] + [(API_PREFIX, r) for r in API_ROUTES]
    rows = (
        (f"`{r.method} {prefix}{r.path}`", PERMISSIONS[r.permission], prose(r.endpoint.__doc__))
        for prefix, r in hidden
        if not r.documented
    )
    return table(("route", "open to", "meaning"), rows)


def _problems() -> str:
    kinds = {c.status: c for c in tree(errors.CollectorError) if "status" in vars(c)}
    rows = (
        (
            str(status),
            kinds[status].title,
            first_sentence(kinds[status].__doc__),
            _wait(kinds[status]),
        )
        for status in sorted(kinds)
    )
    return table(("status", "title", "meaning", "`Retry-After`"), rows)


def _wait(kind: type[errors.CollectorError]) -> str:
    return "yes" if kind in (errors.Busy, errors.StorageFull) else ""


def _last_part(name: str) -> str:
    return name.rpartition(".")[2]
