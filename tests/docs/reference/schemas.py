"""JSON schemas, as msgspec makes them of messages, in words."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from tests.docs.reference.markdown import anchor, paragraphs, prose, sentence, table

Schema = Mapping[str, Any]
END = r"(?![\s\S])"
"""The end of a text, as a pattern of any dialect says it."""

LARGEST_EXACT = 2**53
"""Upper bound of counts: the largest whole number that every JSON reader keeps."""


class Row(NamedTuple):
    """A field of a message as its table shows it."""

    name: str
    type: str
    unit: str
    default: str
    meaning: str


def described(name: str, schema: Schema, skip: Sequence[str] = ()) -> str:
    """A message with a heading of its own."""
    rows = [row for row in fields(schema) if row.name.strip("`") not in skip]
    headings = ("field", "is", "unit", "default", "meaning")
    fields_or_none = table(headings, rows) if rows else "It has no fields."
    return paragraphs(f"### {name}", prose(schema.get("description")), fields_or_none)


def fields(schema: Schema) -> Iterator[Row]:
    """The fields of a message, in the order they are declared."""
    for name, said in schema.get("properties", {}).items():
        needed = name in schema.get("required", ())
        default = "required" if needed else shown(said.get("default"))
        meaning = sentence(said.get("description", ""))
        yield Row(f"`{name}`", words(said), said.get("x-unit", ""), default, meaning)


def words(schema: Schema) -> str:
    """What a value may be. A message is a link to its description on the same page."""
    if "anyOf" in schema:
        kinds = [words(part) for part in schema["anyOf"] if part.get("type") != "null"]
        return " or ".join([*kinds, *["null"] * (len(kinds) < len(schema["anyOf"]))])
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{anchor(name)})"
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    return _BY_TYPE[schema.get("type", "")](schema)


def shown(default: object) -> str:
    """A default as it stands in JSON."""
    if default is None:
        return "null"
    if isinstance(default, Mapping | list | tuple) and not default:
        return "none"
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def _number(schema: Schema, kind: str) -> str:
    low, above = schema.get("minimum"), schema.get("exclusiveMinimum")
    high = schema.get("maximum", LARGEST_EXACT)
    start = f" from {low:.10g}" if low is not None else ""
    start = start or (f" above {above:.10g}" if above is not None else "")
    return kind + start + (f" to {high:.10g}" if high < LARGEST_EXACT else "")


def _text(schema: Schema) -> str:
    formats = {"uuid": "UUID", "date-time": "time", "date": "date", "time": "time of day"}
    if schema.get("format") in formats:
        return formats[schema["format"]]
    if "pattern" in schema:
        return f"text like `{schema['pattern'].replace(END, '$')}`"
    most = schema.get("maxLength")
    return f"text (at most {most} characters)" if most else "text"


def _list(schema: Schema) -> str:
    if "prefixItems" in schema:
        return "a list of " + ", ".join(map(words, schema["prefixItems"]))
    most = f" (at most {schema['maxItems']})" if "maxItems" in schema else ""
    return f"a list of {words(schema.get('items') or {})}{most}"


_BY_TYPE: Mapping[str, Callable[[Schema], str]] = {
    "boolean": lambda _: "true or false",
    "integer": lambda schema: _number(schema, "whole number"),
    "number": lambda schema: _number(schema, "number"),
    "string": _text,
    "array": _list,
    "object": lambda _: "object",
    "": lambda _: "anything",
}
