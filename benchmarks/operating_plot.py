"""The operating characteristics as a drawing: what stands after so many weeks, by size of line."""

from typing import Any

WIDTH, HEIGHT, LEFT, TOP, BAR, GAP = 760, 330, 60, 50, 18, 4
FILLS = {"right": "#2f7d4f", "undecided": "#c9cfd6", "wrong": "#b3261e"}
TALL = 200


def draw(figures: dict[str, Any]) -> str:
    """An SVG: a group of bars a size of line, a bar a number of weeks."""
    lines = figures["own_line"]
    group = (WIDTH - LEFT) / len(lines)
    parts = [_text(LEFT, 22, "What stands after so many weeks, by size of the line", size=15)]
    parts += [_legend(n, name) for n, name in enumerate(FILLS)]
    parts += [
        _text(LEFT - 8, TOP + TALL * (1 - share) + 4, f"{share:.0%}", anchor="end")
        for share in (0, 0.5, 1)
    ]
    for n, line in enumerate(lines):
        left = LEFT + n * group
        parts += _bars(line["standing_after_weeks"], left)
        label = f"{line['line_of_need']:.0%} of the need"
        parts.append(_text(left, TOP + TALL + 42, label))
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'font-family="sans-serif" role="img" aria-label="Verdicts right, undecided and wrong">\n'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>\n{body}\n</svg>\n'
    )


def _bars(weeks: dict[str, dict[str, float]], left: float) -> list[str]:
    parts = []
    for place, (week, shares) in enumerate(weeks.items()):
        x, top = left + place * (BAR + GAP), float(TOP)
        for name, fill in FILLS.items():
            tall = TALL * shares[name]
            parts.append(
                f'<rect x="{x:.1f}" y="{top:.2f}" width="{BAR}" height="{tall:.2f}" fill="{fill}"/>'
            )
            top += tall
        parts.append(_text(x + BAR / 2, TOP + TALL + 16, week, anchor="middle"))
    return parts


def _legend(place: int, name: str) -> str:
    x = LEFT + place * 110
    square = f'<rect x="{x}" y="{HEIGHT - 26}" width="12" height="12" fill="{FILLS[name]}"/>'
    return square + _text(x + 18, HEIGHT - 16, name)


def _text(x: float, y: float, words: str, anchor: str = "start", size: int = 12) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" '
        f'fill="#1d2430">{words}</text>'
    )
