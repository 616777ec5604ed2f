"""Why a throughput test yielded no number."""

from broadgauge_agent.errors import AgentError


class TestFailedError(AgentError):
    """The test could not be finished by the protocol; the message says what the server did."""

    __test__ = False  # the name begins as pytest's do
