"""Room codes: read from a wall and typed by people, and guessed by nobody."""

from hypothesis import given
from hypothesis import strategies as st

from broadgauge_collector.rooms.codes import (
    ALPHABET,
    CODE_LETTERS,
    new_code,
    normal_code,
    shown_code,
)

CODES = st.text(ALPHABET, min_size=CODE_LETTERS, max_size=CODE_LETTERS)


def test_codes_are_of_letters_that_nobody_mixes_up() -> None:
    assert not set(ALPHABET) & set("ILOU")
    assert len(ALPHABET) == 32


def test_a_thousand_codes_are_a_thousand_codes_and_use_every_letter() -> None:
    made = [new_code() for _ in range(1000)]
    assert len(set(made)) == 1000
    assert {letter for code in made for letter in code} == set(ALPHABET)
    assert {len(code) for code in made} == {CODE_LETTERS}


@given(CODES)
def test_a_code_as_printed_is_the_code(code: str) -> None:
    assert normal_code(shown_code(code)) == code


@given(CODES, st.sampled_from(["O", "o", "I", "i", "L", "l", "  ", "-"]))
def test_a_code_typed_as_people_read_it_is_the_code(code: str, way: str) -> None:
    typed = code.lower()
    if way.isalpha():
        typed = typed.replace("0" if way in "Oo" else "1", way)
    else:
        typed = way.join(typed)[: 8 + 7 * len(way)]
    assert normal_code(typed) == code


@given(st.text())
def test_whatever_is_typed_is_a_code_or_is_none(typed: str) -> None:
    code = normal_code(typed)
    assert code is None or (len(code) == CODE_LETTERS and set(code) <= set(ALPHABET))


def test_more_or_fewer_letters_are_no_code() -> None:
    assert normal_code("ABCD234") is None
    assert normal_code("ABCD23456") is None
    assert normal_code("") is None
