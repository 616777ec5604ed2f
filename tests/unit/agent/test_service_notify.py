"""What a service manager hears, on a real datagram socket as systemd has one."""

import os
import secrets
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from broadgauge_host.service.notify import ServiceManager, service_manager

NOBODY_LISTENS_SECONDS = 0.2


@pytest.fixture(params=["path", "abstract"])
def heard(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, socket.socket]]:
    """An address as NOTIFY_SOCKET names it, and the socket behind it."""
    name = f"bg-{secrets.token_hex(8)}"
    address = f"@{name}" if request.param == "abstract" else str(tmp_path / name)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(address.replace("@", "\0", 1))
        manager.settimeout(NOBODY_LISTENS_SECONDS)
        yield address, manager


def lines(manager: socket.socket) -> list[str]:
    return manager.recv(4096).decode().splitlines()


def test_the_manager_hears_ready_reloading_and_stopping(heard: tuple[str, socket.socket]) -> None:
    address, manager = heard
    told = ServiceManager(address)
    told.ready("Measuring.")
    assert lines(manager) == ["READY=1", "STATUS=Measuring."]
    told.reloading()
    reloading, instant = lines(manager)
    assert reloading == "RELOADING=1"
    assert instant.removeprefix("MONOTONIC_USEC=").isdigit()
    told.stopping("Bye.")
    assert lines(manager) == ["STOPPING=1", "STATUS=Bye."]


def test_pings_are_as_many_as_the_watchdog_needs(heard: tuple[str, socket.socket]) -> None:
    address, manager = heard
    told = ServiceManager(address, watchdog_seconds=60)
    told.alive()
    told.alive()
    assert lines(manager) == ["WATCHDOG=1"]
    with pytest.raises(TimeoutError):
        manager.recv(4096)


def test_without_a_watchdog_nothing_pings(heard: tuple[str, socket.socket]) -> None:
    address, manager = heard
    ServiceManager(address).alive()
    with pytest.raises(TimeoutError):
        manager.recv(4096)


def test_a_manager_that_went_away_ends_nothing(tmp_path: Path) -> None:
    ServiceManager(str(tmp_path / "gone"), watchdog_seconds=60).alive()
    ServiceManager().ready("Nobody asked.")


def test_children_do_not_speak_for_the_service() -> None:
    environment = {"NOTIFY_SOCKET": "/run/x", "WATCHDOG_USEC": "60000000", "HOME": "/"}
    manager = service_manager(environment)
    assert manager.listens
    assert manager.watchdog_seconds == 60
    assert environment == {"HOME": "/"}


def test_another_process_watchdog_is_not_ours() -> None:
    environment = {"WATCHDOG_USEC": "1000000", "WATCHDOG_PID": str(os.getpid() + 1)}
    assert service_manager(environment).watchdog_seconds is None
    assert not service_manager({}).listens
