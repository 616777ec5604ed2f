"""Bytes to messages and back. Refuses NaN, naive times, wrong types and values out of bounds."""

from typing import TypeVar

import msgspec

from .results import Result

Message = TypeVar("Message", bound=msgspec.Struct)

encode = msgspec.json.Encoder(decimal_format="number").encode
_decode_result = msgspec.json.Decoder(Result).decode


class WireError(ValueError):
    """The bytes are not what the contract says; the message names the field and the fault."""


def decode_result(body: bytes | msgspec.Raw) -> Result:
    """One result of any kind. WireError if it is none."""
    try:
        result: Result = _decode_result(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise WireError(str(error)) from error
    return result


def decode(body: bytes, kind: type[Message]) -> Message:
    """One message of the given type. WireError if it is none."""
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise WireError(str(error)) from error
