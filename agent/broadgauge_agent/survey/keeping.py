"""How the results of a survey reach the collector: by the agent that runs here, or from here."""

import threading
from contextlib import closing
from pathlib import Path

from broadgauge_agent.client import client_of
from broadgauge_agent.errors import AgentError, SpoolInUseError
from broadgauge_agent.identity import Identity, load_identity
from broadgauge_agent.live_config import LiveConfig
from broadgauge_agent.presence import Presence
from broadgauge_agent.ship import Shipper
from broadgauge_agent.spool import Spool
from broadgauge_agent.spool_file import view_spool


class Sender:
    """Sends while the person walks on, in a thread of its own. What it can't send stays."""

    def __init__(self, state: Path, identity: Identity, live: LiveConfig) -> None:
        self._place = (state, identity, live)
        self._thread: threading.Thread | None = None
        self._trouble: str | None = None

    def begin(self) -> None:
        """Send what there is, unless that is under way."""
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._send, name="send", daemon=True)
            self._thread.start()

    def wait(self, seconds: float) -> None:
        """For what is under way."""
        if self._thread is not None:
            self._thread.join(seconds)

    def unsent_words(self) -> str | None:
        """How many results wait, and why, as far as that is known; None if all were sent."""
        try:
            view = view_spool(self._place[0])
        except AgentError as error:
            return str(error)
        if view is None or not view.waiting:
            return None
        said = view.facts.get("shipping_trouble")
        why = self._trouble or (said["what"] if isinstance(said, dict) else None)
        return f"{view.waiting} results wait to be sent" + (f": {why}" if why else "")

    def _send(self) -> None:
        try:
            state, _, live = self._place
            send(state, load_identity(state), live)
            self._trouble = None
        except AgentError as error:
            self._trouble = str(error)


def send(state: Path, identity: Identity, live: LiveConfig) -> None:
    """Send what is spooled and learn the settings, if a school network is proven, and unless an
    agent runs here that does. AgentError if the spool or the collector's address can't be used."""
    try:
        spool = Spool(state, identity.agent_id)
    except SpoolInUseError:
        return
    with closing(spool), client_of(identity) as client:
        presence = Presence(identity, spool)
        shipper = Shipper(state, identity, spool, presence, live, threading.Event())
        if shipper.is_awake():
            shipper.ship_all(client)
