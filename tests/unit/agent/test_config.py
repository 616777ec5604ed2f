"""Settings come from the flag, the environment, the file or the default, and nothing is ignored."""

from pathlib import Path

import pytest

from broadgauge_agent.config import Config, load_config, settings, variable_of
from broadgauge_agent.errors import ConfigError

INVALID = sorted((Path(__file__).parent / "invalid_configs").glob("*.toml"))
VARIABLE = "BROADGAUGE_AGENT_LOCATION"


def written(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "agent.toml"
    file.write_text(text)
    return file


@pytest.mark.parametrize("file", INVALID, ids=lambda file: file.stem)
def test_each_invalid_file_is_refused_with_a_sentence_that_helps(file: Path) -> None:
    first = file.read_bytes().split(b"\n")[0].decode()
    with pytest.raises(ConfigError) as refused:
        load_config(file, {}, {})
    assert str(file) in str(refused.value)
    assert first.removeprefix("# expect: ") in str(refused.value)


def test_without_a_file_the_defaults_hold(tmp_path: Path) -> None:
    config = load_config(tmp_path / "agent.toml", {}, {})
    assert config == Config()
    assert config.probes.latency.interval_seconds == 300
    assert config.probes.throughput.interval_seconds == 14400
    assert config.probes.throughput.max_seconds == 10
    assert config.probes.inventory.interval_seconds == 86400


def test_a_file_that_was_named_has_to_be_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no configuration file"):
        load_config(tmp_path / "other.toml", {}, {}, required=True)


def test_the_flag_wins_over_the_environment_and_the_environment_over_the_file(
    tmp_path: Path,
) -> None:
    file = written(tmp_path, 'location = "file"\n')
    assert load_config(file, {}, {}).location == "file"
    assert load_config(file, {VARIABLE: "environment"}, {}).location == "environment"
    assert load_config(file, {VARIABLE: "environment"}, {"location": "flag"}).location == "flag"
    assert (
        load_config(file, {VARIABLE: "environment"}, {"location": None}).location == "environment"
    )


def test_one_setting_of_a_table_leaves_the_others_alone(tmp_path: Path) -> None:
    file = written(tmp_path, "[probes.throughput]\nmax_seconds = 1\n")
    config = load_config(file, {"BROADGAUGE_AGENT_PROBES_THROUGHPUT_ENABLED": "false"}, {})
    assert not config.probes.throughput.enabled
    assert config.probes.throughput.max_seconds == 1
    assert config.probes.throughput.interval_seconds == 14400


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("BROADGAUGE_AGENT_LOCATON", "x", 'Did you mean "BROADGAUGE_AGENT_LOCATION"'),
        ("BROADGAUGE_AGENT_LOG_LEVEL", "loud", "one of debug, info, warning, error"),
        ("BROADGAUGE_AGENT_PROBES_LATENCY_INTERVAL_SECONDS", "often", "a number from 1 to 604800"),
        ("BROADGAUGE_AGENT_PROBES_LATENCY_ENABLED", "maybe", "true or false"),
    ],
)
def test_a_wrong_variable_is_refused(tmp_path: Path, variable: str, value: str, words: str) -> None:
    with pytest.raises(ConfigError, match="environment") as refused:
        load_config(tmp_path / "none.toml", {variable: value}, {})
    assert words in str(refused.value)


def test_variables_of_others_and_of_the_command_line_are_no_settings(tmp_path: Path) -> None:
    others = {"BROADGAUGE_TOKEN": "x", "BROADGAUGE_AGENT_STATE": "/x", "PATH": "/bin"}
    assert load_config(tmp_path / "none.toml", others, {}) == Config()


def test_every_setting_says_what_it_means() -> None:
    assert len(settings()) == 32
    assert all(setting.meaning for setting in settings())
    assert len({variable_of(setting) for setting in settings()}) == len(settings())
