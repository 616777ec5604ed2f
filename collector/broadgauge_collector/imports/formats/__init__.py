"""One file a format. `all_formats` finds them: each has `FORMATS`, a tuple of them."""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from ..model import Format


@cache
def all_formats() -> dict[str, Format]:
    """Every format by its key, in order of the keys."""
    modules = [import_module(f"{__name__}.{found.name}") for found in iter_modules(__path__)]
    formats = [each for module in modules for each in module.FORMATS]
    return {each.key: each for each in sorted(formats, key=lambda each: each.key)}
