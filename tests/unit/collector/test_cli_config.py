"""Settings of the server: where each comes from, and what is refused."""

import json
import subprocess
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from broadgauge_collector.cli import cli
from broadgauge_collector.cli.database_urls import DatabaseUrl
from broadgauge_collector.cli.settings_file import FILE, all_settings, settings_of
from broadgauge_collector.errors import CannotStart, MayNotStart
from tests.running import BIN


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for option in all_settings().values():
        monkeypatch.delenv(str(option.envvar), raising=False)


def write(data: Path, text: str) -> None:
    (data / FILE).write_text(text)


def show(data: Path, *options: str) -> str:
    """What `config show` prints."""
    arguments = ["config", "show", "--data", str(data), *options]
    return CliRunner().invoke(cli, arguments, catch_exceptions=False).stdout


def in_force(data: Path) -> dict[str, dict[str, Any]]:
    return {setting["key"]: setting for setting in json.loads(show(data, "--json"))}


def started_with(data: Path, *flags: str) -> dict[str, Any]:
    """The settings that `serve` would start with."""
    command = cli.commands["serve"]
    context: click.Context = command.make_context("serve", ["--data", str(data), *flags])
    return context.params


def test_without_a_file_the_defaults_hold(tmp_path: Path) -> None:
    assert {setting["origin"] for setting in in_force(tmp_path).values()} == {"default", "flag"}
    assert in_force(tmp_path)["port"]["value"] == 8484


def test_flag_beats_environment_beats_file_beats_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert started_with(tmp_path)["port"] == 8484
    write(tmp_path, "port = 9001")
    assert started_with(tmp_path)["port"] == 9001
    monkeypatch.setenv("BROADGAUGE_PORT", "9002")
    assert started_with(tmp_path)["port"] == 9002
    assert started_with(tmp_path, "--port", "9003")["port"] == 9003


def test_show_says_where_each_value_comes_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, 'port = 9001\nhost = "10.20.0.10"')
    monkeypatch.setenv("BROADGAUGE_HOST", "10.20.0.11")
    found = in_force(tmp_path)
    port = {"key": "port", "value": 9001, "origin": "file", "source": str(tmp_path / FILE)}
    assert found["port"] == port
    assert found["host"]["value"] == "10.20.0.11"
    assert found["host"]["source"] == "BROADGAUGE_HOST"
    table = show(tmp_path, "--origin")
    assert f"file {tmp_path / FILE}" in table
    assert "environment BROADGAUGE_HOST" in table
    assert "environment" not in show(tmp_path)


def test_every_setting_can_stand_in_the_file(tmp_path: Path) -> None:
    (tmp_path / "there.pem").touch()
    for key, option in all_settings().items():
        if option.is_flag:
            value = "true"
        elif isinstance(option.type, click.Path):
            value = '"there.pem"'
        elif isinstance(option.type, DatabaseUrl):
            value = f'"{option.type.example}"'
        else:
            value = "9000" if isinstance(option.type, click.IntRange) else '"text"'
        write(tmp_path, f"{key} = {value}")
        assert in_force(tmp_path)[key]["origin"] == "file", key


def test_a_file_for_up_is_a_file_for_serve(tmp_path: Path) -> None:
    write(tmp_path, "reflector_port = 9005")
    assert "reflector_port" not in {option.name for option in settings_of(cli.commands["serve"])}
    assert started_with(tmp_path)["port"] == 8484


def test_a_path_in_the_file_starts_where_the_file_is(tmp_path: Path) -> None:
    (tmp_path / "chain.pem").touch()
    write(tmp_path, 'tls_certificate = "chain.pem"')
    assert started_with(tmp_path)["tls_certificate"] == tmp_path / "chain.pem"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("prot = 9000", 'unknown key "prot". Did you mean "port"?'),
        ("public-url = 'x'", 'Did you mean "public_url"?'),
        ("port = '9000'", '"port" must be a whole number'),
        ("port = true", '"port" must be a whole number'),
        ("port = 99999", '"port": 99999 is not in the range'),
        ("insecure = 1", '"insecure" must be true or false'),
        ("host = 1", '"host" must be text in quotes'),
        ("tls_key = 'gone.pem'", "gone.pem' does not exist"),
        ("[server]\nport = 1", 'unknown key "server"'),
        ("port =", "not valid TOML"),
        ('host = "\\ud800"', "not valid TOML"),
    ],
)
def test_what_is_wrong_in_the_file_is_named(tmp_path: Path, text: str, said: str) -> None:
    write(tmp_path, text)
    with pytest.raises(CannotStart) as caught:
        started_with(tmp_path)
    assert said in caught.value.detail
    assert str(tmp_path / FILE) in caught.value.detail


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"\xff\xfe")
    with pytest.raises(CannotStart, match="can't be read"):
        started_with(tmp_path)


def test_a_file_of_somebody_else_is_not_permitted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_path: Path) -> bytes:
        raise PermissionError

    monkeypatch.setattr(Path, "read_bytes", refuse)  # root may read everything
    with pytest.raises(MayNotStart, match="may not read"):
        started_with(tmp_path)


def test_a_server_does_not_start_with_a_wrong_file(tmp_path: Path) -> None:
    write(tmp_path, "prot = 9000")
    done = subprocess.run(
        [BIN / "broadgauge", "serve", "--data", tmp_path],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 3
    assert 'Did you mean "port"?' in done.stderr
    assert {file.name for file in tmp_path.iterdir()} == {FILE}


DATABASE = 'control_url = "postgresql://broadgauge:{}@db.example.org/broadgauge?sslmode=require"'


@pytest.mark.parametrize("password", ["secret", "sec:ret", "s@/ecret", "%40secret"])
def test_a_password_in_the_file_is_used_and_never_shown(tmp_path: Path, password: str) -> None:
    write(tmp_path, DATABASE.format(password))
    assert f":{password}@" in started_with(tmp_path)["control_url"]
    shown = show(tmp_path, "--json") + show(tmp_path, "--origin")
    assert "postgresql://broadgauge:***@db.example.org/broadgauge?sslmode=require" in shown
    assert "ecret" not in shown


def test_a_password_as_a_parameter_is_not_shown_either(tmp_path: Path) -> None:
    write(tmp_path, 'control_url = "postgresql://u@/d?password=secret&host=/run/postgresql"')
    assert "password=***&host=/run/postgresql" in show(tmp_path)


@pytest.mark.parametrize(
    "url", ["postgresql://u:secret@db/d", "postgresql://u@db/d?password=secret"]
)
def test_a_password_on_the_command_line_is_refused(tmp_path: Path, url: str) -> None:
    arguments = ["serve", "--data", str(tmp_path), "--control-url", url]
    done = CliRunner().invoke(cli, arguments)
    assert done.exit_code == 2
    assert "BROADGAUGE_CONTROL_URL" in done.output
    assert "secret" not in done.output
    assert list(tmp_path.iterdir()) == []


def test_a_url_without_a_password_may_be_given_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = "postgresql://broadgauge@db.example.org/broadgauge"
    assert started_with(tmp_path, "--control-url", url)["control_url"] == url
    monkeypatch.setenv("BROADGAUGE_CONTROL_URL", f"{url}?passfile=/etc/broadgauge/pgpass")
    assert "passfile" in started_with(tmp_path)["control_url"]


def test_a_database_of_another_kind_is_refused_without_its_url(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BROADGAUGE_CONTROL_URL", "mysql://u:secret@db/d")
    done = CliRunner().invoke(cli, ["serve", "--data", str(tmp_path)])
    assert done.exit_code == 2
    assert "postgresql://USER@HOST/DATABASE" in done.output
    assert "secret" not in done.output
