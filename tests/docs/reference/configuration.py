"""Settings of the agent and of the server."""

import click

from broadgauge_agent.config import settings, variable_of
from broadgauge_collector.cli.serving import serve, up
from broadgauge_collector.cli.settings_file import all_settings
from broadgauge_wire.settings import Setting, expected
from tests.docs.reference.markdown import paragraphs, sentence


def agent() -> str:
    """Every setting of an agent."""
    return paragraphs(*(_agent_setting(setting) for setting in settings()))


def server() -> str:
    """Every setting of `serve` and `up`."""
    return paragraphs(*(_server_setting(key, option) for key, option in all_settings().items()))


def _agent_setting(setting: Setting) -> str:
    value = setting.default
    shown = f"{value:.10g}" if isinstance(value, float) else str(value).lower()
    default = "none" if value is None else f"`{shown}`"
    return paragraphs(
        f"### `{setting.key}`",
        f"{sentence(setting.meaning)} It is {expected(setting)}; the default is {default}.",
        f"Environment: `{variable_of(setting)}`",
    )


def _server_setting(key: str, option: click.Option) -> str:
    meaning, _, stated = (option.help or "").partition("  [default: ")
    users = [str(c.name) for c in (up, serve) if any(o.name == key for o in c.params)]
    only = f" Only `{users[0]}` has it." if len(users) == 1 else ""
    return paragraphs(
        f"### `{key}`",
        f"{sentence(meaning)} It is {_kind(option)}; the default is "
        f"{stated.rstrip(']') or _default(option)}.{only}",
        f"Flag: `{option.opts[0]}`. Environment: `{option.envvar}`",
    )


def _kind(option: click.Option) -> str:
    if option.is_flag:
        return "true or false"
    if isinstance(option.type, click.IntRange):
        return f"a whole number from {option.type.min} to {option.type.max}"
    return "the path of a file" if isinstance(option.type, click.Path) else "text"


def _default(option: click.Option) -> str:
    value = option.to_info_dict()["default"]
    return "none" if value is None else f"`{str(value).lower()}`"
