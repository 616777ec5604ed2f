"""What the collector set on this agent, and what of it was left out."""

from collections.abc import Iterator

from broadgauge_agent.live_config import within_bounds
from broadgauge_host.diagnosis import Check, trouble, well
from broadgauge_wire import Settings

NAME = "settings from the collector"


def check_sent_settings(settings: Settings) -> Iterator[Check]:
    """Nothing is said where it set nothing."""
    given, refused = within_bounds(settings.configuration)
    if refused:
        yield trouble(
            NAME,
            f"left out: {'; '.join(f'{each.key}: {each.reason}' for each in refused)}",
            "Correct it on the server (broadgauge settings --help), or update this agent. The "
            "others apply.",
        )
    elif given:
        yield well(NAME, ", ".join(f"{key} = {one.value}" for key, one in given.items()))
