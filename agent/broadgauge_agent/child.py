"""Runs one probe in a process of its own: `python -m broadgauge_agent.child NAME`.

A ProbeRequest comes in as JSON on stdin; the results go out as JSON on stdout.
"""

import sys

from broadgauge_wire import decode, encode

from .probes import ProbeRequest, load_probe

if sys.platform == "win32":
    from ._memory_windows import limit_memory
else:
    from ._memory_posix import limit_memory

MAX_MEMORY_BYTES = 512 * 1024 * 1024
"""Several times what the largest test takes. A server that would have it take more, whosever it is,
ends the test and not this machine's other work."""


def main() -> None:
    """Run the probe that the first argument names."""
    limit_memory(MAX_MEMORY_BYTES)
    request = decode(sys.stdin.buffer.read(), ProbeRequest)
    results = load_probe(sys.argv[1]).run(request)
    sys.stdout.buffer.write(encode(tuple(results)))


if __name__ == "__main__":
    main()
