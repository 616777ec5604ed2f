"""Everything the agent can fail with. A message says what happened and what to do about it."""


class AgentError(Exception):
    """Base of all. `exit_code` is what the command ends with."""

    exit_code = 1


class ConfigError(AgentError):
    """A setting, or how the agent was set up, is wrong. Trying again does not help."""

    exit_code = 3


class StateError(ConfigError):
    """The state directory or a file in it cannot be used."""


class StateNotPermittedError(StateError):
    """The operating system refuses this user the state directory or a file in it."""

    exit_code = 5


class NotJoinedError(StateError):
    """The agent has not joined a collector."""


class AlreadyJoinedError(StateError):
    """The agent has joined a collector already."""


class SpoolError(StateError):
    """The spool cannot be read or written."""


class SpoolInUseError(SpoolError):
    """Another process uses this spool."""


class SpoolFullError(SpoolError):
    """No room is left on the disk. Trying again helps once there is."""


class UnreachableError(AgentError):
    """The other side did not answer, or not as a collector would. Trying again may help."""

    exit_code = 4


class NotPermittedError(AgentError):
    """The collector does not accept this token or key. Trying again does not help."""

    exit_code = 5
