"""What a comparison comes to, in a sentence."""


def sentence_of(
    verdict: str,
    ratio: float | None,
    low: float | None,
    high: float | None,
    pieces: int,
    names: tuple[str, str],
) -> str:
    """`pieces` tells whether both kinds were watched at the same age and school at all."""
    first, second = names
    if verdict == "unknown":
        return _unknown(pieces, first, second)
    if verdict == "same":
        return _capital(
            f"{first} and {second} can't be told apart: at the same age and school {first} may be "
            f"repaired {_range(low, high)} times as often."
        )
    if verdict == "second_more":
        first, second, ratio, low, high = second, first, *_turned(ratio, low, high)
    times = "more often than" if ratio is None else f"{_short(ratio)} times as often as"
    return _capital(
        f"at the same age and school {first} is repaired {times} {second} "
        f"(95% limits: {_range(low, high)} times)."
    )


def _unknown(pieces: int, first: str, second: str) -> str:
    if pieces:
        return f"Neither {first} nor {second} was repaired where both were at the same age."
    return f"No school has had {first} and {second} at the same age: they can't be compared."


def _turned(
    ratio: float | None, low: float | None, high: float | None
) -> tuple[float | None, float | None, float | None]:
    """The ratio of the second to the first."""
    return _over(ratio), _over(high), _over(low)


def _over(value: float | None) -> float | None:
    return 1 / value if value else None


def _range(low: float | None, high: float | None) -> str:
    if high is None:
        return f"{_short(low or 0)} or more"
    return f"{_short(low or 0)} to {_short(high)}"


def _short(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:.0f}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
