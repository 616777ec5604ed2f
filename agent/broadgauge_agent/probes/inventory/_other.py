"""What Python and psutil say of a machine on any system; the rest is unknown here."""

import platform

import psutil

from broadgauge_agent.network import interfaces

from .facts import MachineFacts


def read_machine() -> MachineFacts:
    """Processor counts, memory, system and interfaces."""
    mac_version = platform.mac_ver()[0]
    return MachineFacts(
        cpu_cores=psutil.cpu_count(logical=False),
        cpu_threads=psutil.cpu_count(logical=True),
        memory_bytes=psutil.virtual_memory().total,
        os_name="macOS" if mac_version else platform.system() or None,
        os_version=mac_version or platform.version() or None,
        architecture=platform.machine() or None,
        interfaces=interfaces(),
    )
