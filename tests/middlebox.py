"""A filter between a school and its test server, made of what filters are made of: a router that
redirects connections (nftables), a proxy that takes them (HAProxy), and a traffic shaper (tc)."""

import shutil
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lab.hosts import Host, Port, cable, hosts, ip
from tests.running import PATIENCE_SECONDS, eventually

HAPROXY = shutil.which("haproxy", path="/usr/sbin:/usr/local/sbin:/usr/bin")

INSPECTING, DENYING, STRIPPING, REJECTING, PORTAL, PAGE, BUFFERING = range(9001, 9008)
"""Ports of the proxy, each with a habit of its own."""

PLAIN, TLS = 8485, 8486
"""Ports of the test servers."""

CONFIGURATION = """
global
  maxconn 200
  tune.rcvbuf.client 4194304
  tune.sndbuf.server 4194304
  tune.bufsize 262144

defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
  timeout tunnel 30s

backend plain
  server one {server}:{plain}
backend secured
  server one {server}:{tls} ssl verify none

frontend inspecting
  bind :{inspecting} ssl crt {certificate}
  default_backend secured
frontend denying
  bind :{denying}
  http-request deny deny_status 403 if {{ req.hdr(Upgrade) -m found }}
  default_backend plain
frontend stripping
  bind :{stripping}
  http-request del-header Upgrade
  default_backend plain
frontend rejecting
  bind :{rejecting}
  http-request reject if {{ req.hdr(Upgrade) -m found }}
  default_backend plain
frontend portal
  bind :{portal}
  http-request redirect location http://portal.school.example/login code 302
frontend page
  bind :{page}
  http-request return status 200 content-type text/html string "<html>Sign in</html>"
listen buffering
  bind :{buffering}
  mode tcp
  server one {server}:{plain}
"""


@dataclass
class Network:
    """A machine at school, a filter, and behind it a host for test servers."""

    school: Port
    inner: Port
    outer: Port
    server: Port

    @contextmanager
    def redirected(self, port: int, proxy: int) -> Iterator[None]:
        """Connections to a test server's port end at the proxy, until the block ends."""
        self._nft(f"add rule ip filter way tcp dport {port} redirect to :{proxy}")
        try:
            yield
        finally:
            self._nft("flush chain ip filter way")

    @contextmanager
    def shaped(self, *tc: Sequence[str]) -> Iterator[None]:
        """What leaves the filter towards the test servers is held to a rate."""
        for arguments in tc:
            self._tc(*arguments)
        try:
            yield
        finally:
            self._tc("qdisc", "del", "root")

    def prepare(self) -> None:
        self.inner.host.forward()
        self.school.host.add_route("default", self.inner.address)
        self.server.host.add_route("default", self.outer.address)
        # Else one "packet" in a shaper's queue holds up to 64 KiB.
        ip(
            "-n",
            self.school.host.namespace,
            "link",
            "set",
            self.school.interface,
            "gso_max_segs",
            "1",
        )
        hook = "{ type nat hook prerouting priority dstnat; }"
        self._nft("add table ip filter", f"add chain ip filter way {hook}")

    def _nft(self, *lines: str) -> None:
        self.inner.host.run(["nft", "-f", "-"], input="\n".join(lines))

    def _tc(self, kind: str, verb: str, *arguments: str) -> None:
        device = ("dev", self.outer.interface)
        self.inner.host.run(["tc", kind, verb, *device, *arguments])


@contextmanager
def filtered_network() -> Iterator[Network]:
    """Three hosts in a row; the filter only forwards so far."""
    with hosts("school", "filter", "server") as (school, between, server):
        inner = cable(school, between, "10.66.1.2/24", "10.66.1.1/24")
        outer = cable(between, server, "10.66.2.1/24", "10.66.2.2/24")
        network = Network(*inner, *outer)
        network.prepare()
        yield network


@contextmanager
def proxy(network: Network, certificate: Path, folder: Path) -> Iterator[None]:
    """HAProxy on the filter. `certificate` is the PEM that it shows where it opens TLS."""
    assert HAPROXY, "HAProxy is missing: tests/install-tools"
    file = folder / "haproxy.cfg"
    file.write_text(
        CONFIGURATION.format(
            server=network.server.address,
            plain=PLAIN,
            tls=TLS,
            certificate=certificate,
            inspecting=INSPECTING,
            denying=DENYING,
            stripping=STRIPPING,
            rejecting=REJECTING,
            portal=PORTAL,
            page=PAGE,
            buffering=BUFFERING,
        )
    )
    host = network.inner.host
    process = subprocess.Popen(host.command([HAPROXY, "-db", "-q", "-f", str(file)]))
    try:
        eventually(lambda: process.poll() is None and listens(host, BUFFERING), "the proxy")
        yield
    finally:
        process.terminate()
        process.wait(PATIENCE_SECONDS)


def listens(host: Host, port: int) -> bool:
    """Whether something takes connections at the host's own address."""
    with host.inside(), socket.socket() as attempt:
        return attempt.connect_ex(("127.0.0.1", port)) == 0


def slow_line(rate: str) -> tuple[Sequence[str], ...]:
    """One rate for all that leaves."""
    return (("qdisc", "add", "root", "tbf", "rate", rate, "burst", "64kb", "latency", "50ms"),)


def slow_flows(rate: str, source_ports: Sequence[int]) -> tuple[Sequence[str], ...]:
    """A class, with its own rate and queue, for each connection, told by its source port."""
    commands: list[Sequence[str]] = [("qdisc", "add", "root", "handle", "1:", "htb")]
    for number, source in enumerate(source_ports, 16):
        known = ("parent", "1:", "classid", f"1:{number}", "htb", "rate", rate)
        queue = ("parent", f"1:{number}", "pfifo", "limit", "30")
        match = ("u32", "match", "ip", "sport", str(source), "0xffff", "flowid", f"1:{number}")
        commands += [
            ("class", "add", *known),
            ("qdisc", "add", *queue),
            ("filter", "add", "parent", "1:", "protocol", "ip", "prio", "1", *match),
        ]
    return tuple(commands)
