"""The TCP and the UDP socket of one reflector, on one port number."""

import errno
import socket
import sys

from broadgauge_agent.errors import ConfigError, PortTakenError

TRIES = 20
"""With port 0 the system picks a TCP port whose UDP twin may be taken; then another is tried."""


def open_sockets(host: str, port: int) -> tuple[socket.socket, socket.socket]:
    """Listening TCP and bound UDP on the same port of `host`; port 0 picks a free one.

    PortTakenError if another program has it, ConfigError if `host` is no address of this machine.
    """
    for _ in range(TRIES - 1):
        try:
            return _open_once(host, port)
        except PortTakenError:
            if port != 0:
                raise
    return _open_once(host, port)


def _open_once(host: str, port: int) -> tuple[socket.socket, socket.socket]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    tcp = _bind(family, socket.SOCK_STREAM, host, port)
    try:
        tcp.listen()
        return tcp, _bind(family, socket.SOCK_DGRAM, host, tcp.getsockname()[1])
    except BaseException:
        tcp.close()
        raise


def _bind(family: int, kind: int, host: str, port: int) -> socket.socket:
    bound = socket.socket(family, kind)
    try:
        _set_options(bound, host)
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        raise _explained(error, kind, host, port) from error
    return bound


def _set_options(unbound: socket.socket, host: str) -> None:
    if unbound.type == socket.SOCK_STREAM and sys.platform != "win32":
        # On Windows the option would let two programs share a port.
        unbound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if unbound.family == socket.AF_INET6:
        unbound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0 if host == "::" else 1)


def _explained(error: OSError, kind: int, host: str, port: int) -> ConfigError:
    name = "TCP" if kind == socket.SOCK_STREAM else "UDP"
    if error.errno in (errno.EADDRINUSE, errno.EACCES) and port:
        why = "is in use" if error.errno == errno.EADDRINUSE else "is not open to this user"
        return PortTakenError(
            f"{name} port {port} on {host} {why}. Choose another port with --port, "
            "or stop the program that has it."
        )
    return ConfigError(f"cannot listen on {host} {name} port {port}: {error.strerror or error}")
