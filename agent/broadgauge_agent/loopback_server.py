"""A test server of this machine's own for as long as a calibration takes, in its own process.

As a program it serves until its standard input closes, and says on a line where it listens.
"""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from msgspec import Struct

from broadgauge_wire import Reflector, WireError, decode, encode, new_id

HOST = "127.0.0.1"
START_SECONDS = 20.0
"""For a process to start and make a certificate, on a slow disk."""


class Listening(Struct, frozen=True, kw_only=True):
    """What the program says of itself: its ports, and its certificate's fingerprint."""

    plain_port: int
    tls_port: int
    fingerprint: str


@contextmanager
def loopback_server() -> Iterator[tuple[Reflector, Reflector] | None]:
    """The same server without and with TLS, while the block runs; None if it won't start."""
    process = subprocess.Popen(
        [sys.executable, "-m", "broadgauge_agent.loopback_server"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        listening = _first_words(process)
        yield _reflectors(listening) if listening else None
    finally:
        process.kill()
        process.communicate()


def _first_words(process: subprocess.Popen[bytes]) -> Listening | None:
    assert process.stdout  # noqa: S101 - piped
    patience = threading.Timer(START_SECONDS, process.kill)
    patience.start()
    try:
        return decode(process.stdout.readline(), Listening)
    except WireError:
        return None
    finally:
        patience.cancel()


def _reflectors(listening: Listening) -> tuple[Reflector, Reflector]:
    encrypted = _reflector(listening.tls_port, listening.fingerprint)
    return _reflector(listening.plain_port), encrypted


def _reflector(port: int, fingerprint: str | None = None) -> Reflector:
    return Reflector(
        id=new_id(), name="loopback", host=HOST, port=port, segment="lan", fingerprint=fingerprint
    )


async def _serve() -> None:
    # In the program only: an idle agent stays small.
    import asyncio
    import tempfile
    from pathlib import Path

    from .reflector.server import running_reflector
    from .reflector.tls import own_tls

    with tempfile.TemporaryDirectory() as folder:
        tls = own_tls(Path(folder), HOST)
    async with running_reflector() as plain, running_reflector(tls=tls.context) as encrypted:
        listening = Listening(
            plain_port=plain, tls_port=encrypted, fingerprint=tls.fingerprint or ""
        )
        sys.stdout.buffer.write(encode(listening) + b"\n")
        sys.stdout.buffer.flush()
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.buffer.read)


def main() -> None:
    """Serve until standard input closes."""
    import asyncio

    asyncio.run(_serve())


if __name__ == "__main__":
    main()
