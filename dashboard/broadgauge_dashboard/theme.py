"""Mantine's theme: the system's own typeface, one accent color, plenty of room."""

from typing import Any

FONTS = (
    "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'Noto Sans', "
    "'Liberation Sans', Arial, sans-serif"
)
MONOSPACE = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'Liberation Mono', monospace"

ACCENT = [
    "#eaf2fb", "#d3e3f6", "#a9c8ee", "#7dadf0", "#5a95e3",
    "#3b82d6", "#2a6dbd", "#1f5ba3", "#184a87", "#10386a",
]  # fmt: skip
THEME: dict[str, Any] = {
    "fontFamily": FONTS,
    "fontFamilyMonospace": MONOSPACE,
    "headings": {"fontFamily": FONTS, "fontWeight": "650"},
    "colors": {"accent": ACCENT},
    "primaryColor": "accent",
    "primaryShade": {"light": 7, "dark": 6},
    "defaultRadius": "md",
    "cursorType": "pointer",
}
