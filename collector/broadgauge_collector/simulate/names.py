"""Names that nobody takes for real ones."""

LEVELS = ("Elementary", "Middle", "High")

_FIRST = (
    "Acorn", "Almanac", "Bagel", "Banjo", "Biscuit", "Bumblebee", "Button", "Candlestick",
    "Caramel", "Checkerboard", "Cinnamon", "Clockwork", "Compass", "Dandelion", "Doodle",
    "Driftwood", "Featherbed", "Firefly", "Gingersnap", "Gumdrop", "Haystack", "Honeypot",
    "Inkwell", "Jellybean", "Kazoo", "Kettle", "Lantern", "Lemonade", "Marble", "Marzipan",
    "Moonbeam", "Mudpuddle", "Nutmeg", "Paperclip", "Pancake", "Patchwork", "Pebble", "Pickle",
    "Pinwheel", "Pocketwatch", "Popcorn", "Quill", "Rainbarrel", "Saltshaker", "Scarecrow",
    "Snowglobe", "Spyglass", "Sundial", "Teacup", "Teapot", "Thimble", "Tinker", "Toadstool",
    "Turnip", "Umbrella", "Waffle", "Weathervane", "Whistle", "Wigwag", "Zigzag",
)  # fmt: skip
_SECOND = (
    "Bend", "Bluff", "Corner", "Creek", "Crossing", "Dell", "Falls", "Flats", "Gulch", "Harbor",
    "Heights", "Hollow", "Junction", "Knoll", "Landing", "Meadow", "Nook", "Orchard", "Point",
    "Ridge", "Springs", "Summit", "Terrace", "Valley",
)  # fmt: skip
_STRIDE = 607
"""Prime to the number of pairs, so that names beside each other differ and none comes twice."""

PAIRS = len(_FIRST) * len(_SECOND)


def district_name(index: int) -> str:
    """What a simulated district is called."""
    return f"Example County {index + 1}"


def school_name(index: int, level: str, district: str | None) -> str:
    """A school's name by its number in its district; with the district's where there are several.

    Unique for as many schools in a district as there are pairs of words, and beyond by a number.
    """
    pair = index * _STRIDE % PAIRS
    name = f"{_FIRST[pair % len(_FIRST)]} {_SECOND[pair // len(_FIRST)]} {level}"
    name += f" {index // PAIRS + 1}" if index >= PAIRS else ""
    return f"{name}, {district}" if district else name
