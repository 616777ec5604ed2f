"""The process that Windows starts as the service: `python -m ... --state DIRECTORY`.

Not yet run on a real Windows; see docs/how-to.
"""

import sys

if sys.platform == "win32":
    import logging
    import os
    from pathlib import Path

    import servicemanager
    import win32service
    import win32serviceutil

    from broadgauge_agent.errors import AgentError
    from broadgauge_agent.live_config import LiveConfig
    from broadgauge_agent.logs import start_logging
    from broadgauge_agent.orders import Order, Orders
    from broadgauge_agent.resident import run_from_the_start
    from broadgauge_agent.state import CONFIG, LOG
    from broadgauge_host.exit_codes import ExitCode
    from broadgauge_host.service.notify import ServiceManager

    from .plans import AGENT

    log = logging.getLogger("broadgauge_agent.service.windows_host")

    STOP_MILLISECONDS = 20_000
    """What Windows is told that stopping may take: sending what is left included."""

    class AgentService(win32serviceutil.ServiceFramework):
        """The agent, in this process, under orders from the service control manager."""

        _svc_name_ = AGENT
        _svc_display_name_ = AGENT
        orders = Orders()

        def GetAcceptedControls(self) -> int:  # noqa: N802 pywin32's name
            """Stop, the machine's end, and a changed configuration: sc control NAME paramchange."""
            stops = win32service.SERVICE_ACCEPT_STOP | win32service.SERVICE_ACCEPT_SHUTDOWN
            return int(stops | win32service.SERVICE_ACCEPT_PARAMCHANGE)

        def SvcStop(self) -> None:  # noqa: N802 pywin32's name
            """Asked to stop."""
            self.ReportServiceStatus(win32service.SERVICE_STOP_PENDING, STOP_MILLISECONDS)
            self.orders.put(Order.STOP)

        def SvcShutdown(self) -> None:  # noqa: N802 pywin32's name
            """The machine ends."""
            self.SvcStop()

        def SvcOtherEx(self, control: int, _event: int, _data: object) -> None:  # noqa: N802
            """Asked to read the configuration anew."""
            if control == win32service.SERVICE_CONTROL_PARAMCHANGE:
                self.orders.put(Order.RELOAD)

        def SvcDoRun(self) -> None:  # noqa: N802 pywin32's name
            """Run until asked to stop."""
            state = Path(sys.argv[sys.argv.index("--state") + 1])
            try:
                live = LiveConfig(state / CONFIG, os.environ, {})
                start_logging(live.current().log_level, state / LOG)
                run_from_the_start(state, live, self.orders, ServiceManager(), wait=True)
            except AgentError as error:
                end_as_a_failure(state, error)
            except Exception as error:  # noqa: BLE001 whatever it is, Windows starts the service again
                end_as_a_failure(state, error)

    def end_as_a_failure(state: Path, error: Exception) -> None:
        """End without saying goodbye, which is what makes Windows start the service again."""
        start_logging("error", state / LOG)
        log.error("%s", error, exc_info=not isinstance(error, AgentError))
        servicemanager.LogErrorMsg(f"{AGENT}: {error}")
        os._exit(getattr(error, "exit_code", ExitCode.TROUBLE))

    def main() -> None:
        """Be the service."""
        servicemanager.Initialize(AGENT, None)
        servicemanager.PrepareToHostSingle(AgentService)
        servicemanager.StartServiceCtrlDispatcher()

    if __name__ == "__main__":
        main()
