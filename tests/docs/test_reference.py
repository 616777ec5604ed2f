"""The reference is what the code says, and leaves nothing out."""

import re

import pytest

from broadgauge_agent.cli import cli as agent_cli
from broadgauge_agent.config import settings
from broadgauge_collector.cli.main import cli as server_cli
from broadgauge_collector.cli.settings_file import all_settings
from broadgauge_wire.catalogue import fields_of
from broadgauge_wire.results import RESULT_KINDS
from tests.docs import reference
from tests.docs.reference import api, metrics, schemas
from tests.docs.reference.commands import Command, commands, example_of, help_of, option_rows
from tests.docs.reference.markdown import sentence

COMMANDS = [*commands("broadgauge-agent", agent_cli), *commands("broadgauge", server_cli)]
REWRITE = "the code says otherwise: run `python -m tests.docs.reference`"


def text(name: str) -> str:
    return (reference.FOLDER / name).read_text()


@pytest.mark.parametrize("name", reference.GENERATED)
def test_the_page_is_what_the_code_says(name: str) -> None:
    assert text(name) == reference.page(name), REWRITE


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_command_says_what_it_does_and_shows_an_example(command: Command) -> None:
    assert f"## `{command.name}`\n" in text("agent-commands.md") + text("server-commands.md")
    assert help_of(command).endswith(".")
    assert example_of(command)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_option_has_a_sentence(command: Command) -> None:
    assert [row.option for row in option_rows(command) if not row.meaning] == []


def test_every_setting_has_a_sentence_and_an_environment_variable() -> None:
    for setting in settings():
        assert f"### `{setting.key}`\n\n{setting.meaning}" in text("agent-configuration.md")
        assert setting.meaning
    for key, option in all_settings().items():
        assert f"### `{key}`\n" in text("server-configuration.md")
        assert option.help
        assert option.envvar == f"BROADGAUGE_{key.upper()}", key


def test_every_route_and_parameter_has_a_sentence() -> None:
    for path, operations in api.document()["paths"].items():
        for method, operation in operations.items():
            assert f"### `{method.upper()} {path}`\n" in text("api.md")
            assert operation["description"].endswith(".")
            for parameter in operation.get("parameters", ()):
                assert parameter.get("description"), (path, parameter["name"])


def test_every_field_of_every_message_of_the_api_has_a_sentence() -> None:
    for name, schema in api.document()["components"]["schemas"].items():
        assert f"### {name}\n" in text("api.md")
        assert schema["description"]
        assert [row.name for row in schemas.fields(schema) if not row.meaning] == [], name


@pytest.mark.parametrize("kind", RESULT_KINDS)
def test_every_field_of_the_catalogue_is_on_the_page_of_results(kind: str) -> None:
    page = text("results.md")
    own = page.partition(f"### `{kind}`\n")[2].partition("\n#")[0]
    common = page.partition("### Every result\n")[2].partition("\n#")[0]
    for field in fields_of(kind):
        assert field.meaning
        (row,) = re.findall(rf"^\| `{field.name}` \|.*$", common + own, re.MULTILINE)
        assert sentence(field.meaning) in row
        assert not field.unit or f"| {field.unit} |" in row


def test_every_metric_has_a_sentence() -> None:
    for metric in metrics.metrics():
        assert metric.documentation.endswith("."), metric.name
        assert f"| `{metric.name}" in text("metrics.md")
