"""An agent's sending half, before a scripted collector."""

import random
import threading
import time
from pathlib import Path

from broadgauge_agent.client import client_of
from broadgauge_agent.clock import Clock
from broadgauge_agent.config import SpoolConfig
from broadgauge_agent.identity import Identity, load_identity, save_identity
from broadgauge_agent.live_config import LiveConfig
from broadgauge_agent.presence import Presence
from broadgauge_agent.ship import Shipper
from broadgauge_agent.spool import Spool
from broadgauge_agent.spool_file import view_spool
from tests.scripted_collector import make_identity, make_result


class Agent:
    """A shipper with its spool, and a client of the collector's. Time passes by hand."""

    def __init__(
        self,
        state: Path,
        url: str,
        proven_by: str | None = None,
        identity: Identity | None = None,
    ) -> None:
        self.state = state
        self.now = self.steady = time.time()
        self.limits = SpoolConfig()
        self.identity = identity or make_identity(url)
        self.spool = Spool(
            state,
            self.identity.agent_id,
            Clock(lambda: self.now, lambda: self.steady),
            lambda: self.limits,
        )
        self.stop = threading.Event()
        self.presence = Presence(make_identity(proven_by or url), self.spool)
        self.live = LiveConfig(state / "agent.toml", {}, {})
        self.shipper = Shipper(
            state, self.identity, self.spool, self.presence, self.live, self.stop, random.Random(5)
        )
        self.client = client_of(self.identity)

    @classmethod
    def joined(cls, state: Path, url: str) -> "Agent":
        """With the identity of the state directory, which gets one if it has none."""
        if not (state / "identity.json").exists():
            state.mkdir(parents=True, exist_ok=True)
            save_identity(state, make_identity(url))
        return cls(state, url, identity=load_identity(state))

    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        self.steady += seconds

    def put(self, count: int = 1, note: str | None = None) -> list[str]:
        results = [make_result(note) for _ in range(count)]
        self.spool.put(results)
        return [str(result.id) for result in results]

    def ship(self) -> float | None:
        return self.shipper.ship_all(self.client)

    def ship_as_it_is_now(self) -> float | None:
        """With the key it has by now, as the shipper's own loop does."""
        with client_of(load_identity(self.state)) as client:
            return self.shipper.ship_all(client)

    def refused(self) -> int:
        view = view_spool(self.state)
        assert view is not None
        return view.refused

    def trouble(self) -> str:
        noted = self.spool.fact("shipping_trouble")
        return str(noted["what"]) if isinstance(noted, dict) else ""

    def close(self) -> None:
        self.client.close()
        self.spool.close()
