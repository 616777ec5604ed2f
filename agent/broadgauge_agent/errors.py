"""Everything the agent can fail with. A message says what happened and what to do about it."""

from broadgauge_host.exit_codes import ExitCode


class AgentError(Exception):
    """Base of all. `exit_code` is what the command ends with."""

    exit_code = ExitCode.TROUBLE


class ConfigError(AgentError):
    """A setting, or how the agent was set up, is wrong. Trying again does not help."""

    exit_code = ExitCode.CONFIGURATION


class ConfigNotPermittedError(ConfigError):
    """The operating system refuses this user the configuration file."""

    exit_code = ExitCode.NOT_PERMITTED


class PortTakenError(ConfigError):
    """Another program has the port. Choose another one, or stop that program."""


class StateError(ConfigError):
    """The state directory or a file in it cannot be used."""


class StateNotPermittedError(StateError):
    """The operating system refuses this user the state directory or a file in it."""

    exit_code = ExitCode.NOT_PERMITTED


class DiskFullError(StateError):
    """No room is left on the disk. Trying again helps once there is."""


class NotJoinedError(StateError):
    """The agent has not joined a collector."""


class AlreadyJoinedError(StateError):
    """The agent has joined a collector already."""


class SpoolError(StateError):
    """The spool cannot be read or written."""


class SpoolInUseError(SpoolError):
    """Another process uses this spool."""


class SpoolFullError(SpoolError, DiskFullError):
    """No room is left on the disk for the spool."""


class SpoolDamagedError(SpoolError):
    """The disk changed what was written. What can be read is kept; trying again helps."""


class UnreachableError(AgentError):
    """The other side did not answer, or not as a collector would. Trying again may help."""

    exit_code = ExitCode.UNREACHABLE


class CertificateError(UnreachableError):
    """Whoever answered showed a certificate that is not to be trusted; nothing was said to them.
    `shown` is what it says of itself."""

    def __init__(self, message: str, shown: str) -> None:
        super().__init__(message)
        self.shown = shown


class NotPermittedError(AgentError):
    """The collector does not accept this token or key. Trying again does not help."""

    exit_code = ExitCode.NOT_PERMITTED


class ServiceError(ConfigError):
    """The service can't be installed, removed or asked about as this machine is set up."""


class ServiceNotPermittedError(ServiceError):
    """Services are an administrator's business."""

    exit_code = ExitCode.NOT_PERMITTED


class OtherServerError(AgentError):
    """A server that isn't the district's did not answer as its protocol says."""


class NoCapacityError(OtherServerError):
    """A public server takes no test just now. Trying again later helps."""
