"""Runs one probe in a process of its own: `python -m broadgauge_agent.child NAME`.

A ProbeRequest comes in as JSON on stdin; the results go out as JSON on stdout.
"""

import sys

from broadgauge_wire import decode, encode

from .probes import ProbeRequest, load_probe


def main() -> None:
    """Run the probe that the first argument names."""
    request = decode(sys.stdin.buffer.read(), ProbeRequest)
    results = load_probe(sys.argv[1]).run(request)
    sys.stdout.buffer.write(encode(tuple(results)))


if __name__ == "__main__":
    main()
