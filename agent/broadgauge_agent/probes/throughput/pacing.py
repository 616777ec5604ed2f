"""Writing at a rate, where the kernel doesn't send at one. Pure."""

MESSAGE_SECONDS = 0.01
"""What one message takes at most: it leaves at the speed of the network card."""

MOST_BEHIND_SECONDS = 0.2
"""What is made up for, of time in which nothing could be written: a busy machine's pauses."""


class WritingPace:
    """When the next bytes may be written, by absolute times."""

    def __init__(self, bytes_per_second: float, sent_bytes: float, now: float) -> None:
        self.bytes_per_second = bytes_per_second
        self._sent_bytes = sent_bytes
        self._began = now

    def resting_seconds(self, sent_bytes: float, now: float) -> float:
        """How long to wait, if so much has been written since the test began."""
        due = self._began + (sent_bytes - self._sent_bytes) / self.bytes_per_second
        if now - due > MOST_BEHIND_SECONDS:
            self._began += now - due - MOST_BEHIND_SECONDS
        return max(0.0, due - now)

    @property
    def message_bytes(self) -> float:
        """Most that is written at once."""
        return self.bytes_per_second * MESSAGE_SECONDS
