"""How many files, and so connections, a process may have open."""

import resource


def allow_as_many_as_possible() -> None:
    """Raise this process's own limit to the highest the system lets it have."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
