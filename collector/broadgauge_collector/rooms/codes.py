"""Room codes: short enough to type from a wall, random enough that nobody guesses one.

Crockford's base 32 has no I, L, O or U: nothing reads like another letter or like a word.
https://www.crockford.com/base32.html
"""

import secrets

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

CODE_LETTERS = 8
"""40 bits: with a thousand rooms, one guess in a thousand million finds a room."""

MAX_TYPED = 64
"""Characters that are looked at when somebody typed a code."""

_MISREAD = str.maketrans({"I": "1", "L": "1", "O": "0"})
_BETWEEN = str.maketrans({"-": None, " ": None})


def new_code() -> str:
    """A fresh code."""
    return "".join(secrets.choice(ALPHABET) for _ in range(CODE_LETTERS))


def normal_code(typed: str) -> str | None:
    """The code that somebody meant: in any case, with blanks or dashes, with letters misread for
    digits. None if it can't be one."""
    code = typed[:MAX_TYPED].upper().translate(_BETWEEN).translate(_MISREAD)
    is_code = len(code) == CODE_LETTERS and set(code) <= set(ALPHABET)
    return code if is_code else None


def shown_code(code: str) -> str:
    """A code as it is printed: in two halves."""
    half = CODE_LETTERS // 2
    return f"{code[:half]}-{code[half:]}"
