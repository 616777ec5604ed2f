"""How much memory this process may take, on Linux and macOS."""

import contextlib
import resource


def limit_memory(num_bytes: int) -> None:
    """From now on, asking for more than this raises MemoryError. macOS doesn't hold to it.

    Data, not address space: beside each thread, the C library reserves 64 MiB that it may never
    use. Where that is limited more narrowly already, it stays so.
    """
    _, most = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = num_bytes if most == resource.RLIM_INFINITY else min(num_bytes, most)
    with contextlib.suppress(OSError, ValueError):  # a system that takes no such limit
        resource.setrlimit(resource.RLIMIT_DATA, (wanted, wanted))
