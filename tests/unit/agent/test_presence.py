"""When a proof is made again, how long it serves, and what ends it at once."""

import ipaddress
import logging

import pytest

from broadgauge_agent import presence as presence_module
from broadgauge_agent.presence import (
    EVER,
    FACT,
    FRESH_SECONDS,
    KEPT_SECONDS,
    Here,
    Moment,
    Presence,
)
from broadgauge_agent.school_network import Proof
from broadgauge_agent.spool import Spool
from broadgauge_wire import Settings
from tests.scripted_collector import make_identity

LISTED = Proof(proven=True, words="an address of this machine is in 10.20.0.0/16")
KEYED = Proof(proven=True, words="test server Core answers with its key", by="core")
SILENT = Proof(proven=False, words="no answer", silent=frozenset({"core", "collector"}))
OTHER = Proof(proven=False, words="another answers", silent=frozenset({"collector"}))
SETTINGS = Settings()


def at(*addresses: str) -> Here:
    return frozenset(("eth0", ipaddress.ip_address(address)) for address in addresses)


class Standing:
    """A machine whose surroundings and clocks are as told."""

    def __init__(self, spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
        self.spool = spool
        self.proof = LISTED
        self.here = at("10.20.1.2")
        self.moment = Moment(1000.0, 5_000_000.0)
        self.looks = 0
        monkeypatch.setattr(presence_module, "prove", self.prove)
        monkeypatch.setattr(presence_module, "addresses_on_networks", lambda: self.here)
        self.presence = Presence(make_identity("http://x.invalid"), spool, lambda: self.moment)

    def prove(self, *_: object) -> Proof:
        self.looks += 1
        return self.proof

    def wait(self, seconds: float, suspended: float = 0.0) -> None:
        moment = self.moment
        self.moment = Moment(moment.monotonic + seconds, moment.unix + seconds + suspended)

    def is_awake(self) -> bool:
        return self.presence.is_awake(SETTINGS)


@pytest.fixture
def standing(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> Standing:
    return Standing(spool, monkeypatch)


@pytest.mark.parametrize("proof", [LISTED, SILENT])
def test_a_look_serves_for_half_a_minute(standing: Standing, proof: Proof) -> None:
    standing.proof = proof
    for _ in range(3):
        assert standing.is_awake() is proof.proven
        standing.wait(FRESH_SECONDS / 3)
    assert standing.looks == 1
    standing.is_awake()
    assert standing.looks == 2


def test_another_address_another_clock_or_other_settings_ask_for_another_look(
    standing: Standing,
) -> None:
    standing.is_awake()
    standing.here = at("192.168.1.5")
    standing.is_awake()
    assert standing.looks == 2
    standing.wait(0, suspended=3600)
    standing.is_awake()
    assert standing.looks == 3
    standing.presence.is_awake(Settings(school_networks=("10.0.0.0/8",)))
    assert standing.looks == 4


def test_a_proof_by_key_outlives_its_silent_server_for_a_while(standing: Standing) -> None:
    standing.proof = KEYED
    assert standing.is_awake()
    standing.proof = SILENT
    standing.wait(KEPT_SECONDS - 1)
    assert standing.is_awake()
    standing.wait(FRESH_SECONDS)
    assert not standing.is_awake()
    standing.proof = KEYED
    standing.wait(FRESH_SECONDS)
    assert standing.is_awake()


def test_keeping_a_proof_does_not_prolong_it(standing: Standing) -> None:
    standing.proof = KEYED
    standing.is_awake()
    standing.proof = SILENT
    for _ in range(int(KEPT_SECONDS / FRESH_SECONDS) - 1):
        standing.wait(FRESH_SECONDS)
        assert standing.is_awake()
    standing.wait(FRESH_SECONDS)
    assert not standing.is_awake()


@pytest.mark.parametrize("move", ["address", "suspend", "another answers"])
def test_a_proof_by_key_ends_at_once_where_the_machine_may_be_elsewhere(
    standing: Standing, move: str
) -> None:
    standing.proof = KEYED
    assert standing.is_awake()
    standing.proof = OTHER if move == "another answers" else SILENT
    if move == "address":
        standing.here = at("192.168.1.5")
    standing.wait(FRESH_SECONDS, suspended=60 if move == "suspend" else 0)
    assert not standing.is_awake()
    standing.here = at("10.20.1.2")
    standing.proof = SILENT
    standing.wait(FRESH_SECONDS)
    assert not standing.is_awake()


@pytest.mark.parametrize("proof", [LISTED, KEYED], ids=["subnet", "key"])
def test_a_pulled_cable_is_an_outage_and_no_way_home(standing: Standing, proof: Proof) -> None:
    standing.proof = proof
    assert standing.is_awake()
    standing.proof, standing.here = SILENT, at()
    standing.wait(KEPT_SECONDS - 1)
    assert standing.is_awake()
    standing.wait(FRESH_SECONDS)
    assert not standing.is_awake()


@pytest.mark.parametrize("proof", [LISTED, KEYED], ids=["subnet", "key"])
def test_a_cable_pulled_at_school_and_plugged_in_at_home_ends_it(
    standing: Standing, proof: Proof
) -> None:
    standing.proof = proof
    assert standing.is_awake()
    standing.proof, standing.here = SILENT, at()
    assert standing.is_awake()
    standing.here = at("192.168.1.5")
    assert not standing.is_awake()
    standing.here = at()
    assert not standing.is_awake()


def test_a_machine_that_sleeps_without_a_network_may_be_anywhere(standing: Standing) -> None:
    assert standing.is_awake()
    standing.proof, standing.here = SILENT, at()
    standing.wait(10, suspended=60)
    assert not standing.is_awake()


def test_a_proof_by_subnet_is_never_kept(standing: Standing) -> None:
    standing.is_awake()
    standing.proof = SILENT
    standing.wait(FRESH_SECONDS)
    assert not standing.is_awake()


def test_falling_asleep_and_waking_are_told_once(
    standing: Standing, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[bool] = []
    standing.presence.listeners.append(lambda: told.append(standing.presence.was_awake))
    assert not standing.presence.was_awake
    with caplog.at_level(logging.INFO, "broadgauge_agent"):
        for proof in (LISTED, LISTED, SILENT, SILENT, OTHER, KEYED):
            standing.proof = proof
            standing.wait(FRESH_SECONDS)
            standing.is_awake()
    assert told == [True, False, True]
    assert [line.split(":")[0] for line in caplog.messages] == [
        "awake",
        "asleep, no school network is proven",
        "awake",
    ]


def test_status_can_tell_what_it_is_and_since_when(standing: Standing) -> None:
    standing.is_awake()
    fact = standing.spool.fact(FACT)
    assert isinstance(fact, dict)
    assert (fact["proven"], fact["words"]) == (True, LISTED.words)
    standing.proof = SILENT
    standing.wait(FRESH_SECONDS)
    standing.is_awake()
    slept = standing.spool.fact(FACT)
    standing.proof = OTHER
    standing.wait(FRESH_SECONDS)
    standing.is_awake()
    still = standing.spool.fact(FACT)
    assert isinstance(slept, dict) and isinstance(still, dict)
    assert (still["words"], still["since"]) == (OTHER.words, slept["since"])


def test_an_agent_that_was_never_proven_says_how_to_mend_that(
    standing: Standing, caplog: pytest.LogCaptureFixture
) -> None:
    standing.proof = SILENT
    standing.is_awake()
    assert "broadgauge networks add" in caplog.text
    standing.proof = LISTED
    standing.wait(FRESH_SECONDS)
    standing.is_awake()
    assert standing.spool.fact(EVER) is True
    caplog.clear()
    standing.proof = SILENT
    standing.wait(FRESH_SECONDS)
    standing.is_awake()
    assert "broadgauge networks add" not in caplog.text
