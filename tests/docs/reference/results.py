"""What agents and collectors say to each other: results from the catalogue, then messages."""

from typing import Any

from msgspec import Struct
from msgspec.json import schema_components

from broadgauge_wire import messages
from broadgauge_wire.catalogue import common_fields
from broadgauge_wire.results import RESULT_KINDS, ResultBase
from tests.docs.reference.markdown import paragraphs
from tests.docs.reference.schemas import described

TAG = "kind"
"""The field that says which of the results one is; each has a heading instead."""

MESSAGES = tuple(
    kind
    for kind in vars(messages).values()
    if isinstance(kind, type) and issubclass(kind, Struct) and kind.__module__ == messages.__name__
)


def page() -> str:
    """Fields of all results, then of each kind, then what they are made of, then messages."""
    schemas = components()
    kinds = {kind.__name__: name for name, kind in RESULT_KINDS.items()}
    said = {ResultBase.__name__, *kinds, *(kind.__name__ for kind in MESSAGES)}
    return paragraphs(
        "## Results",
        described("Every result", schemas[ResultBase.__name__], skip=[TAG]),
        *(_kind(name, schemas[made]) for made, name in kinds.items()),
        "## Parts of results",
        *(described(name, schemas[name]) for name in sorted(schemas) if name not in said),
        "## Messages",
        *(described(kind.__name__, schemas[kind.__name__]) for kind in MESSAGES),
    )


def components() -> dict[str, dict[str, Any]]:
    """Schemas of all results and messages, and of what is in them."""
    kinds = [ResultBase, *RESULT_KINDS.values(), *MESSAGES]
    return schema_components(kinds, ref_template="#/components/schemas/{name}")[1]


def _kind(name: str, schema: dict[str, Any]) -> str:
    return described(f"`{name}`", schema, skip=[TAG, *common_fields()])
