"""The doctor looks at tests to other people's servers where they are on, and asks nobody there."""

from pathlib import Path
from typing import Any

import pytest

from broadgauge_agent.config import Config
from broadgauge_agent.doctor.other_servers import (
    check_other_server,
    config_in_force,
    enabled_others,
)
from broadgauge_host.diagnosis import Check
from broadgauge_wire import Settings
from tests.other_servers import other_server


def told(tmp_path: Path, **configuration: Any) -> list[Check]:
    settings = Settings(
        configuration={f"probes.{key.replace('__', '.')}": v for key, v in configuration.items()}
    )
    config = config_in_force(tmp_path / "agent.toml", settings, required=False)
    assert config
    return [check for name in enabled_others(config) for check in check_other_server(name, config)]


def test_what_is_off_is_not_looked_at(tmp_path: Path) -> None:
    assert enabled_others(Config()) == []
    assert told(tmp_path) == []


def test_what_is_on_and_ready_is_well_and_was_asked_nothing(tmp_path: Path) -> None:
    with other_server(lambda request: request.answer(500)) as server:
        url = f"http://127.0.0.1:{server.server_port}/"
        checks = told(
            tmp_path,
            mlab__enabled=True,
            mlab__locate_url=url,
            ookla__enabled=True,
            ookla__server=url,
            librespeed__enabled=True,
            librespeed__server=url,
        )
        assert server.asked == []
    assert {check.name: check.state for check in checks} == {
        "mlab": "ok",
        "ookla": "ok",
        "librespeed": "ok",
    }
    assert "publishes every result" in next(c.detail for c in checks if c.name == "mlab")


def test_a_librespeed_test_without_a_server_is_trouble(tmp_path: Path) -> None:
    (check,) = told(tmp_path, librespeed__enabled=True)
    assert check.state == "trouble"
    assert "probes.librespeed.server" in str(check)


def test_speedtest_cli_that_is_missing_is_trouble(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("broadgauge_agent.probes.ookla.probe.find_spec", lambda _: None)
    (check,) = told(tmp_path, ookla__enabled=True)
    assert check.state == "trouble"
    assert "pip install" in check.detail


def test_a_configuration_that_cannot_be_read_is_another_checks_business(tmp_path: Path) -> None:
    (tmp_path / "agent.toml").write_text("nonsense")
    assert config_in_force(tmp_path / "agent.toml", Settings(), required=False) is None
    assert enabled_others(None) == []
