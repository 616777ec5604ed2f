"""A join token survives being printed, copied and pasted, and nothing else passes for one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadgauge_wire.tokens import JoinToken, parse_join_token

secrets = st.from_regex(r"bgj_[A-Za-z0-9_-]+", fullmatch=True)
fingerprints = st.from_regex(r"[0-9a-f]{64}", fullmatch=True)
tokens = st.builds(JoinToken, secrets, st.none() | fingerprints)
blanks = st.text(" \t\r\n", max_size=3)


@given(tokens, blanks, blanks)
def test_a_printed_token_is_read_as_it_was(token: JoinToken, before: str, after: str) -> None:
    assert parse_join_token(f"{before}{token}{after}") == token


@given(st.text() | tokens.flatmap(lambda token: st.text(min_size=1).map(f"{token}".__add__)))
def test_what_is_taken_for_a_token_is_one_to_the_letter(text: str) -> None:
    try:
        token = parse_join_token(text)
    except ValueError:
        return
    assert str(token) == text.strip()


@given(secrets, st.text("0123456789abcdef", max_size=63))
def test_a_fingerprint_cut_short_is_no_token(secret: str, part: str) -> None:
    with pytest.raises(ValueError, match="Copy it whole"):
        parse_join_token(f"{secret}.{part}")
