"""Join tokens as people paste them: one that prints as it was given, or a ValueError in words."""

from collections.abc import Iterator

import atheris

from tests.fuzz.fuzzing import fuzz

with atheris.instrument_imports(include=["broadgauge_wire"]):
    from broadgauge_wire.tokens import JoinToken, parse_join_token

SECRET = "bgj_" + "Aa0_-" * 8
FINGERPRINT = "0123456789abcdef" * 4


def seeds() -> Iterator[bytes]:
    """Tokens of both kinds, with what a copy brings along."""
    for token in (JoinToken(SECRET), JoinToken("bgj_x", FINGERPRINT)):
        for text in (f"{token}", f" {token}\r\n", f"{token}"[:-1], f"{token}.", f"\ufeff{token}"):
            yield text.encode()


def one(data: bytes) -> None:
    """What is taken for a token is one to the letter."""
    text = data.decode("utf-8", errors="surrogateescape")
    try:
        token = parse_join_token(text)
    except ValueError as error:
        assert "join token" in str(error)
        assert len(text.strip()) < len(SECRET) or text.strip() not in str(error)
        return
    assert str(token) == text.strip()
    assert parse_join_token(str(token)) == token
    assert token.secret.isascii()
    assert "." not in token.secret


if __name__ == "__main__":
    fuzz(one, seeds())
