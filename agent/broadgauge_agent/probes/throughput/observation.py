"""What one direction of one test saw, before anything is concluded from it."""

from msgspec import Struct

from broadgauge_agent.tcp_info import TcpInfo


class Sample(Struct, frozen=True):
    """Payload bytes that had arrived, so many seconds after the handshake."""

    seconds: float
    arrived_bytes: int


class SenderReading(Struct, frozen=True):
    """The sender's TCP_INFO, so many seconds after the handshake."""

    seconds: float
    info: TcpInfo


class LoadFacts(Struct, frozen=True, kw_only=True):
    """This machine's side of the load, told at its end, over `seconds`."""

    seconds: float
    own: TcpInfo | None
    own_congestion_control: str | None
    cpu_share: float
    interface_bytes: int | None


class Observation(Struct, frozen=True, kw_only=True):
    """`samples` begin with (0, 0) and end where the measured part ends."""

    samples: tuple[Sample, ...]
    sender: tuple[SenderReading, ...]
    congestion_control: str | None
    facts: LoadFacts

    @property
    def last(self) -> Sample:
        """The end of the measured part."""
        return self.samples[-1]
