"""Download: take what the server sends, and count it here."""

from broadgauge_agent.ndt7.measurement import Measurement, seconds, tcp_info_of

from .channel import Channel
from .failure import TestFailedError
from .observation import Observation, Sample, SenderReading
from .watch import Watch

BBR = "bbr"


def download(channel: Channel, watch: Watch) -> Observation:
    """Receive until the time is over. TestFailedError if the server does not send."""
    samples = [Sample(0.0, 0)]
    while watch.goes_on(channel.data_bytes):
        channel.wait(watch.seconds_to_wait())
        channel.receive()
        channel.flush()
        if watch.is_sample_due():
            samples.append(Sample(watch.elapsed_seconds(), channel.received_bytes))
    samples.append(Sample(watch.elapsed_seconds(), channel.received_bytes))
    facts = watch.facts("download")
    if not channel.has_binary:
        raise TestFailedError("the server sent no data")
    readings = server_readings(channel.measurements)
    channel.finish()
    return Observation(
        samples=tuple(samples),
        sender=readings,
        congestion_control=_servers_algorithm(channel.measurements),
        facts=facts,
    )


def server_readings(measurements: list[Measurement]) -> tuple[SenderReading, ...]:
    """The server's TCP_INFO over time, of the messages that have it."""
    return tuple(
        SenderReading(elapsed, tcp_info_of(message.tcp_info))
        for message in measurements
        if message.tcp_info and (elapsed := seconds(message.tcp_info.elapsed_time)) is not None
    )


def _servers_algorithm(measurements: list[Measurement]) -> str | None:
    """As our reflector says it; others give BBR away by sending its facts."""
    for message in measurements:
        if message.connection_info and message.connection_info.congestion_control:
            return message.connection_info.congestion_control
        if message.bbr_info:
            return BBR
    return None
