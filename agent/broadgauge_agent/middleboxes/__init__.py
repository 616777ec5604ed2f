"""What stands between an agent and its test server and changes what a test sees: recognized, and
named with what to change. Schools filter; a reading through a filter is the filter's reading."""

from .certificates import issuer_of, recognise_tls
from .connecting import look_at_way, recognise_connect_failure
from .finding import Finding, where, words_for
from .shaping import SingleStream, recognise_per_flow_shaping
from .uploading import HELD_BYTES, UNKNOWN_HELD_BYTES, CountAt, recognise_upload

__all__ = [
    "HELD_BYTES",
    "UNKNOWN_HELD_BYTES",
    "CountAt",
    "Finding",
    "SingleStream",
    "issuer_of",
    "look_at_way",
    "recognise_connect_failure",
    "recognise_per_flow_shaping",
    "recognise_tls",
    "recognise_upload",
    "where",
    "words_for",
]
