"""The service on Windows. Not yet run on a real Windows; see docs/how-to."""

import sys

if sys.platform == "win32":
    import contextlib
    import os
    import time
    import winreg
    from collections.abc import Iterator
    from datetime import UTC, datetime
    from pathlib import Path
    from typing import Any

    import psutil
    import pywintypes
    import win32service
    import winerror

    from broadgauge_agent._user_windows import is_administrator
    from broadgauge_agent.state import LOG
    from broadgauge_host.service.model import Plan, ServiceFault, ServiceStatus
    from broadgauge_host.service.tools import told

    from .plans import REFLECTOR
    from .windows_plan import account, described, host_command, host_environment, permitting

    STOP_SECONDS = 30.0
    LOOK_SECONDS = 0.2
    RESTART = [(win32service.SC_ACTION_RESTART, 30_000)] * 3
    FAILURES_FORGOTTEN_SECONDS = 86_400

    class WindowsServices:
        """Services of this Windows."""

        def __init__(self, installer: str) -> None:
            """`installer` is the command that installs them."""
            self._installer = installer

        def description(self, plan: Plan) -> str:
            """What Windows is told."""
            refuse_test_server(plan.name)
            state = self.state_directory(plan.name)
            return described(plan, base_python(), sys.executable, state)

        def install(self, plan: Plan) -> None:
            """Install, or change, and start now and with the machine."""
            refuse_test_server(plan.name)
            refuse_unless_elevated("install")
            state = self.state_directory(plan.name)
            state.mkdir(parents=True, exist_ok=True)
            with manager() as known:
                handle = create_or_change(known, plan, host_command(plan, base_python(), state))
                try:
                    set_environment(plan.name)
                    told(*permitting(state, plan.name))
                    stop(handle)
                    win32service.StartService(handle, None)
                finally:
                    win32service.CloseServiceHandle(handle)

        def remove(self, name: str) -> None:
            """Stop and remove it."""
            refuse_unless_elevated("remove")
            with manager() as known, opened(known, name, win32service.SERVICE_ALL_ACCESS) as handle:
                stop(handle)
                win32service.DeleteService(handle)

        def status(self, name: str) -> ServiceStatus:
            """As the service control manager has it."""
            facts: dict[str, Any] = {}
            rights = win32service.SERVICE_QUERY_STATUS
            with (
                contextlib.suppress(ServiceFault),
                manager(win32service.SC_MANAGER_CONNECT) as known,
                opened(known, name, rights) as handle,
            ):
                facts = win32service.QueryServiceStatusEx(handle)
            running = facts.get("CurrentState") == win32service.SERVICE_RUNNING
            return ServiceStatus(
                name=name,
                manager="windows",
                installed=bool(facts),
                running=running,
                starts_with_the_machine=bool(facts),
                since=began(facts["ProcessId"]) if running else None,
                logs=str(self.state_directory(name) / LOG),
            )

        def state_directory(self, name: str) -> Path:
            """Where it keeps its files."""
            return Path(os.environ.get("PROGRAMDATA", r"C:\ProgramData")) / name

    def refuse_test_server(name: str) -> None:
        """ServiceFault for what runs on Linux and macOS alone."""
        if name == REFLECTOR:
            raise ServiceFault("A test server runs as a service on Linux and macOS, not here.")

    def refuse_unless_elevated(what: str) -> None:
        """ServiceFault for anybody but an administrator."""
        if not is_administrator():
            words = f"Only an administrator may {what} a service. Use an elevated prompt."
            raise ServiceFault(words, not_permitted=True)

    def base_python() -> str:
        """The interpreter itself, not a virtual environment's launcher of it."""
        return str(getattr(sys, "_base_executable", sys.executable))

    @contextlib.contextmanager
    def manager(rights: int = win32service.SC_MANAGER_ALL_ACCESS) -> Iterator[Any]:
        """The service control manager. ServiceFault for what it refuses, in its own words."""
        try:
            handle = win32service.OpenSCManager(None, None, rights)
            try:
                yield handle
            finally:
                win32service.CloseServiceHandle(handle)
        except pywintypes.error as error:
            denied = error.winerror == winerror.ERROR_ACCESS_DENIED
            raise ServiceFault(f"Windows says: {error.strerror}", not_permitted=denied) from error

    @contextlib.contextmanager
    def opened(known: Any, name: str, rights: int) -> Iterator[Any]:
        """A service that is there."""
        handle = win32service.OpenService(known, name, rights)
        try:
            yield handle
        finally:
            win32service.CloseServiceHandle(handle)

    def create_or_change(known: Any, plan: Plan, command: str) -> Any:
        """The service, installed as planned."""
        kind = win32service.SERVICE_WIN32_OWN_PROCESS
        start, errors = win32service.SERVICE_AUTO_START, win32service.SERVICE_ERROR_NORMAL
        settings = (command, None, False, None, account(plan.name), None)
        try:
            handle = win32service.CreateService(
                known, plan.name, plan.title, win32service.SERVICE_ALL_ACCESS,
                kind, start, errors, *settings,
            )  # fmt: skip
        except pywintypes.error as error:
            if error.winerror != winerror.ERROR_SERVICE_EXISTS:
                raise
            handle = win32service.OpenService(known, plan.name, win32service.SERVICE_ALL_ACCESS)
            win32service.ChangeServiceConfig(handle, kind, start, errors, *settings, plan.title)
        win32service.ChangeServiceConfig2(
            handle, win32service.SERVICE_CONFIG_DELAYED_AUTO_START_INFO, True
        )
        actions = {
            "ResetPeriod": FAILURES_FORGOTTEN_SECONDS,
            "RebootMsg": "",
            "Command": "",
            "Actions": RESTART,
        }
        win32service.ChangeServiceConfig2(
            handle, win32service.SERVICE_CONFIG_FAILURE_ACTIONS, actions
        )
        return handle

    def set_environment(name: str) -> None:
        """The variables that Windows starts the service with."""
        variables = host_environment(sys.executable, base_python())
        place = rf"SYSTEM\CurrentControlSet\Services\{name}"
        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, place, 0, winreg.KEY_SET_VALUE) as key:
            lines = [f"{variable}={value}" for variable, value in variables.items()]
            winreg.SetValueEx(key, "Environment", 0, winreg.REG_MULTI_SZ, lines)

    def stop(handle: Any) -> None:
        """Stop a service, and wait until it has. ServiceFault if it doesn't."""
        end = time.monotonic() + STOP_SECONDS
        while (state := win32service.QueryServiceStatus(handle)[1]) != win32service.SERVICE_STOPPED:
            if state == win32service.SERVICE_RUNNING:
                win32service.ControlService(handle, win32service.SERVICE_CONTROL_STOP)
            if time.monotonic() > end:
                raise ServiceFault("The service does not stop. Restart the machine, and try again.")
            time.sleep(LOOK_SECONDS)

    def began(pid: int) -> datetime | None:
        """When a process was started, UTC."""
        with contextlib.suppress(psutil.Error):
            return datetime.fromtimestamp(psutil.Process(pid).create_time(), UTC)
        return None
