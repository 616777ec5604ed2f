"""URLs of databases as settings: checked, and no password in a command line, which all can see."""

from urllib.parse import urlsplit

import click
from click.core import ParameterSource

from ..config import without_password


class DatabaseUrl(click.ParamType[str]):
    """A URL of one of these schemes. What is wrong is said without the URL, which may be secret."""

    name = "url"

    def __init__(self, schemes: tuple[str, ...], example: str) -> None:
        self._schemes = schemes
        self.example = example

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The URL as it is."""
        if _scheme(value) not in self._schemes:
            self.fail(f"write it as {self.example}.", param, ctx)
        return value


def shown_setting(option: click.Parameter, value: object) -> object:
    """The value of an option as people may see it."""
    is_secret = isinstance(option.type, DatabaseUrl) and isinstance(value, str)
    return without_password(str(value)) if is_secret else value


def refuse_password(context: click.Context, option: click.Parameter, url: str | None) -> str | None:
    """Callback of such an option: a command line is no place for a password."""
    source = context.get_parameter_source(str(option.name))
    if url and source is ParameterSource.COMMANDLINE and without_password(url) != url:
        raise click.BadParameter(
            "every user of this machine could see the password. Give the URL in the variable "
            f"{option.envvar}, or in server.toml.",
            context,
            option,
        )
    return url


def _scheme(url: str) -> str:
    try:
        return urlsplit(url).scheme
    except ValueError:
        return ""
