"""Nothing leaves the spool before the collector has named it, however wrong the other side is."""

import json
import logging
import random
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest

from broadgauge_agent import client as client_module
from broadgauge_agent.backoff import LONGEST_ASKED_SECONDS, LONGEST_SECONDS, Backoff
from broadgauge_agent.client import MAX_ANSWER_BYTES
from broadgauge_agent.identity import load_settings, save_settings
from broadgauge_agent.live_config import RefusedSetting
from broadgauge_agent.ship import NOT_PERMITTED_SECONDS
from broadgauge_agent.spool import FRESH_SECONDS
from broadgauge_wire import BatchAnswer, Refusal, Settings, encode
from broadgauge_wire.spec import MAX_BATCH_RESULTS
from tests.running import eventually
from tests.scripted_collector import (
    KEY,
    Behaviour,
    Request,
    ScriptedCollector,
    key_of,
    make_reflector,
)
from tests.unit.agent.shipping import Agent


@pytest.fixture
def agent(tmp_path: Path, collector: ScriptedCollector) -> Iterator[Agent]:
    made = Agent(tmp_path, collector.url)
    yield made
    made.close()


def answers(status: int, body: bytes = b"", **headers: str) -> Behaviour:
    return lambda request: request.answer(status, body, **headers)


def says(status: int, detail: str, **headers: str) -> Behaviour:
    return lambda request: request.problem(status, detail, **headers)


def hang_up(request: Request) -> None:
    request.close_connection = True
    request.connection.shutdown(socket.SHUT_RDWR)


def hang_up_in_the_middle(request: Request) -> None:
    request.send_response(200)
    request.send_header("content-length", "1000")
    request.end_headers()
    request.wfile.write(b'{"committed": [')
    hang_up(request)


def speaks(lines: str) -> Behaviour:
    def speak(request: Request) -> None:
        request.wfile.write(f"{lines}\r\n\r\n".encode())
        hang_up(request)

    return speak


def send_without_end(request: Request) -> None:
    request.answer(200, b"x" * (MAX_ANSWER_BYTES + 65536 * 4))


def sign_in_page(request: Request) -> None:
    request.answer(200, b"<html>Please accept the terms</html>", "text/html")


def test_a_batch_says_how_many_results_wait_behind_it(
    agent: Agent, collector: ScriptedCollector
) -> None:
    agent.put(MAX_BATCH_RESULTS + 5)
    agent.ship()
    assert [batch.spooled_results for batch in collector.batches] == [5, 0]


def test_results_go_compressed_with_the_key_and_are_deleted_when_named(
    agent: Agent, collector: ScriptedCollector
) -> None:
    ids = agent.put(3)
    assert agent.ship() is None
    assert collector.ids() == ids
    assert agent.spool.waiting() == 0
    sent = collector.requests[-1]
    assert sent.headers["authorization"] == f"Bearer {KEY}"
    assert sent.headers["content-encoding"] == "gzip"
    assert collector.batches[0].agent_id == agent.identity.agent_id
    assert collector.batches[0].spooled_results == 0
    assert isinstance(agent.spool.fact("last_shipped_at"), float)


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        (hang_up, "could not be reached"),
        (hang_up_in_the_middle, "could not be reached"),
        (speaks("SSH-2.0-OpenSSH_9.2"), "could not be reached"),
        (send_without_end, "more than a collector would"),
        (sign_in_page, "sign-in page"),
        (answers(200, b"{}"), "not as a collector does"),
        (answers(200, b"\xff\x00"), "not as a collector does"),
        (answers(204), "not as a collector does"),
        (answers(302, location="https://elsewhere.example/"), "redirected to another address"),
        (answers(307, location="/api/v1/batches"), "not followed"),
        (answers(404), "answered 404"),
        (answers(400), "answered 400"),
        (says(500, "broke"), "answered 500: broke"),
        (answers(502), "answered 502"),
        (says(507, "no room left"), "no room left"),
    ],
)
def test_a_batch_is_kept_and_sent_again_unchanged_after(
    agent: Agent, collector: ScriptedCollector, behaviour: Behaviour, words: str
) -> None:
    agent.put(2)
    collector.script = [behaviour]
    pause = agent.ship()
    assert pause is not None
    assert 0 <= pause <= 1
    assert words in agent.trouble()
    assert agent.spool.waiting() == 2
    agent.put()
    assert agent.ship() is None
    first, again, later = collector.batches
    assert key_of(first) == key_of(again)
    sent, sent_again, _ = (r.body for r in collector.requests if r.method == "POST")
    assert sent == sent_again
    assert later.sequence == first.sequence + 1
    assert agent.spool.waiting() == 0
    assert agent.trouble() == ""
    assert agent.refused() == 0


def test_what_a_filter_says_in_the_collectors_place_is_neither_logged_nor_kept(
    agent: Agent, collector: ScriptedCollector, caplog: pytest.LogCaptureFixture
) -> None:
    known = "mac=02:ca:fe:ca:fe:01&user=jdoe-canary&token=tok-canary"
    strange: list[Behaviour] = [
        answers(302, location=f"https://login.example/?{known}"),
        answers(302, location=f"http://jdoe-canary:tok-canary:02:ca:fe:ca:fe:01/{known}"),
        answers(403, f"<html>{known}".encode(), X_Seen=known),
        speaks(f"SSH-2.0-{known}"),
        speaks(f"HTTP/1.1 200 OK\r\nX {known}"),
    ]
    agent.put()
    with caplog.at_level(logging.DEBUG, "broadgauge_agent"):
        for behaviour in strange:
            agent.shipper._heard._due = 0
            collector.script = [behaviour]
            assert agent.ship() is not None
            assert agent.trouble()
            kept = b"".join(file.read_bytes() for file in agent.state.iterdir() if file.is_file())
            for canary in ("02:ca:fe:ca:fe:01", "jdoe-canary", "tok-canary"):
                assert canary not in caplog.text
                assert canary.encode() not in kept


def test_nobody_listening_is_trouble_with_the_systems_words(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    agent = Agent(tmp_path, f"http://127.0.0.1:{port}")
    agent.put()
    assert agent.ship() is not None
    assert "Connection refused" in agent.trouble()
    assert agent.spool.waiting() == 1
    agent.spool.close()


def test_a_collector_that_stalls_is_given_up_on(agent: Agent, collector: ScriptedCollector) -> None:
    released = threading.Event()

    def stall(request: Request) -> None:
        released.wait(20)

    collector.script = [stall]
    agent.put()
    agent.client.timeout = httpx2.Timeout(0.2)
    assert agent.ship() is not None
    released.set()
    assert "fell silent" in agent.trouble()
    assert agent.spool.waiting() == 1


def test_a_collector_that_dribbles_is_given_up_on(
    agent: Agent, collector: ScriptedCollector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_module, "WHOLE_ANSWER_SECONDS", 0.3)

    def dribble(request: Request) -> None:
        request.send_response(200)
        request.send_header("content-length", "100000")
        request.end_headers()
        for _ in range(200):
            request.wfile.write(b" ")
            request.wfile.flush()
            time.sleep(0.05)

    collector.script = [dribble]
    agent.put()
    assert agent.ship() is not None
    assert "too slowly" in agent.trouble()
    assert agent.spool.waiting() == 1


@pytest.mark.parametrize("other", ["sequence", "lane", "epoch", "agent_id", "nothing"])
def test_an_answer_that_names_another_batch_deletes_nothing(
    agent: Agent, collector: ScriptedCollector, other: str
) -> None:
    def name_another(request: Request) -> None:
        key = key_of(collector.batches[-1])
        wrong: dict[str, dict[str, Any]] = {
            "sequence": {"sequence": key.sequence + 1},
            "lane": {"lane": "backlog"},
            "epoch": {"epoch": key.agent_id},
            "agent_id": {"agent_id": key.epoch},
        }
        fields = {name: getattr(key, name) for name in key.__struct_fields__}
        keys = () if other == "nothing" else (type(key)(**{**fields, **wrong[other]}),)
        request.answer(200, encode(BatchAnswer(committed=keys, received_at=datetime.now(UTC))))

    collector.script = [name_another]
    agent.put()
    assert agent.ship() is not None
    assert agent.spool.waiting() == 1
    assert "without naming" in agent.trouble()


@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_batch_that_is_never_taken_is_kept_aside_and_the_next_one_goes(
    agent: Agent, collector: ScriptedCollector, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    agent.put(MAX_BATCH_RESULTS)
    after = agent.put(2)
    collector.script = [says(status, "not this one")]
    with caplog.at_level(logging.ERROR, "broadgauge_agent"):
        assert agent.ship() is None
    assert collector.ids()[MAX_BATCH_RESULTS:] == after
    assert agent.spool.waiting() == 0
    assert agent.refused() == MAX_BATCH_RESULTS
    assert "not this one" in caplog.text


@pytest.mark.parametrize("status", [400, 409, 413, 422])
def test_a_proxy_that_refuses_a_batch_costs_no_result(
    agent: Agent, collector: ScriptedCollector, status: int
) -> None:
    agent.put()
    collector.script = [lambda request: request.answer(status, b"<h1>no</h1>", "text/html")]
    assert agent.ship() is not None
    assert (agent.spool.waiting(), agent.refused()) == (1, 0)


def test_a_collector_from_the_far_future_sets_no_clock(
    agent: Agent, collector: ScriptedCollector
) -> None:
    def from_the_year_9000(request: Request) -> None:
        key = key_of(collector.batches[-1])
        moment = datetime(9000, 1, 1, tzinfo=UTC)
        request.answer(200, encode(BatchAnswer(committed=(key,), received_at=moment)))

    agent.put()
    collector.script = [from_the_year_9000]
    assert agent.ship() is None
    assert agent.shipper.clock_offset_seconds == pytest.approx(0, abs=5)


def test_refused_records_are_kept_aside_and_the_rest_is_done(
    agent: Agent, collector: ScriptedCollector
) -> None:
    agent.put(3)
    collector.refusals = (Refusal(index=1, reason="dated 2099"),)
    assert agent.ship() is None
    assert agent.spool.waiting() == 0
    assert agent.refused() == 1


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_that_is_not_accepted_stops_sending_but_keeps_results(
    agent: Agent, collector: ScriptedCollector, status: int
) -> None:
    agent.put()
    collector.script = [says(status, "this agent was removed")]
    pause = agent.ship()
    assert pause is not None
    assert NOT_PERMITTED_SECONDS / 2 <= pause <= NOT_PERMITTED_SECONDS
    assert "this agent was removed" in agent.trouble()
    assert "--force" in agent.trouble()
    agent.put()
    assert agent.spool.waiting() == 2
    assert agent.ship() is None
    assert agent.spool.waiting() == 0


def in_seconds(seconds: int) -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("header", "low", "high"),
    [
        (lambda: "120", 120, 121),
        (lambda: in_seconds(120), 118, 121),
        (lambda: in_seconds(-500), 0, 1),
        (lambda: "999999999999", LONGEST_ASKED_SECONDS, LONGEST_ASKED_SECONDS + 1),
        (lambda: "soon", 0, 1),
        (lambda: "-5", 0, 1),
        (lambda: "Sun, 06 Nov 1994 08:49:37 +99999999999999999999", 0, 1),
        (lambda: "\u0661", 0, 1),
    ],
)
def test_retry_after_is_honoured_in_both_forms_and_within_reason(
    agent: Agent,
    collector: ScriptedCollector,
    status: int,
    header: Callable[[], str],
    low: float,
    high: float,
) -> None:
    said = header().encode().decode("latin-1")
    collector.script = [says(status, "busy", retry_after=said)]
    agent.put()
    pause = agent.ship()
    assert pause is not None
    assert low <= pause <= high
    assert agent.spool.waiting() == 1


def test_backoff_grows_from_one_second_to_five_minutes_with_full_jitter() -> None:
    waits = []
    for seed in range(500):
        backoff = Backoff(random.Random(seed))
        waits.append([backoff.next_seconds() for _ in range(40)])
    for failures, ceiling in [(0, 1), (1, 2), (4, 16), (9, LONGEST_SECONDS), (39, LONGEST_SECONDS)]:
        seen = [wait[failures] for wait in waits]
        assert 0.95 * ceiling < max(seen) <= ceiling
        assert min(seen) < 0.05 * ceiling
    backoff.reset()
    assert backoff.next_seconds() <= 1


def test_live_results_pass_a_backlog(agent: Agent, collector: ScriptedCollector) -> None:
    agent.put(2 * MAX_BATCH_RESULTS, "old")
    agent.pass_time(FRESH_SECONDS)
    agent.put(1, "new")

    def one_more_arrives(request: Request) -> None:
        agent.put(1, "newer")
        collector.commit(request)

    collector.script = [collector.commit, one_more_arrives]
    assert agent.ship() is None
    order = [
        (batch.lane, json.loads(bytes(batch.results[0]))["error"]) for batch in collector.batches
    ]
    assert order == [("live", "new"), ("backlog", "old"), ("live", "newer"), ("backlog", "old")]


def test_the_collectors_clock_is_compared_with_this_one(
    agent: Agent, collector: ScriptedCollector
) -> None:
    collector.clock_ahead_seconds = 90
    agent.put()
    agent.ship()
    assert agent.shipper.clock_offset_seconds == pytest.approx(90, abs=5)


def test_settings_are_learnt_at_the_start_and_kept_for_when_the_collector_is_away(
    agent: Agent, collector: ScriptedCollector
) -> None:
    collector.settings = Settings(reflectors=(make_reflector(8485),))
    assert agent.ship() is None
    assert agent.shipper.settings == collector.settings
    assert load_settings(agent.state) == collector.settings
    agent.ship()
    assert [request.path for request in collector.requests] == ["/api/v1/settings"]


def test_settings_that_cannot_be_had_leave_the_kept_ones_and_delay_no_result(
    tmp_path: Path, collector: ScriptedCollector
) -> None:
    kept = Settings(reflectors=(make_reflector(8485),))
    save_settings(tmp_path, kept)
    agent = Agent(tmp_path, collector.url)
    agent.put()
    collector.settings_status = 500
    assert agent.ship() is None
    assert agent.shipper.settings == kept
    assert agent.spool.waiting() == 0
    agent.client.close()
    agent.spool.close()


def test_the_thread_sends_what_is_put_and_stops_when_told(
    agent: Agent, collector: ScriptedCollector
) -> None:
    thread = threading.Thread(target=agent.shipper.run)
    thread.start()
    for count in (1, 2, 3):
        agent.put()
        agent.shipper.wake()
        collector.wait_for_batches(count)
    agent.stop.set()
    agent.shipper.wake()
    thread.join(20)
    assert not thread.is_alive()


def test_no_secret_is_logged(
    agent: Agent, collector: ScriptedCollector, caplog: pytest.LogCaptureFixture
) -> None:
    collector.script = [says(401, "no"), says(500, "broke\r\n2026 forged line"), hang_up]
    with caplog.at_level(logging.DEBUG):
        for _ in range(4):
            agent.put()
            agent.ship()
    ours = "\n".join(r.getMessage() for r in caplog.records if r.name.startswith("broadgauge"))
    assert "not sent" in ours
    assert KEY not in ours
    assert "broke??2026 forged line" in ours


def test_a_collectors_reason_cannot_begin_a_log_line_of_its_own(
    agent: Agent, collector: ScriptedCollector, caplog: pytest.LogCaptureFixture
) -> None:
    agent.put()
    collector.refusals = (Refusal(index=0, reason="no\n2026-01-01 ERROR forged"),)
    agent.ship()
    assert "no?2026-01-01" in caplog.text


@pytest.fixture
def away(tmp_path: Path, collector: ScriptedCollector) -> Iterator[Agent]:
    """An agent that nothing tells it stands on a school network."""
    made = Agent(tmp_path, collector.url, proven_by="http://collector.invalid:8484")
    yield made
    made.client.close()
    made.spool.close()


def run_a_while(agent: Agent, until: Callable[[], object], what: str) -> None:
    """The shipper's own loop, until something happened."""
    thread = threading.Thread(target=agent.shipper.run)
    thread.start()
    try:
        eventually(until, what)
    finally:
        agent.stop.set()
        agent.shipper.wake()
        thread.join(20)


def test_away_from_school_networks_it_says_asleep_and_nothing_else(
    away: Agent, collector: ScriptedCollector
) -> None:
    away.put(3)
    run_a_while(away, lambda: collector.requests, "a word")
    (said,) = collector.requests
    assert (said.method, said.path, said.body) == ("POST", "/api/v1/asleep", b"{}")
    ours = {"authorization", "user-agent", "content-type", "content-length", "accept"}
    assert set(said.headers) - ours == {"host", "accept-encoding", "connection"}
    assert away.spool.waiting() == 3
    away.put()
    away.shipper._heard.say_asleep(away.client)
    assert len(collector.requests) == 1


def test_settings_in_the_answer_to_asleep_take_effect(
    away: Agent, collector: ScriptedCollector
) -> None:
    collector.settings = Settings(
        school_networks=("10.20.0.0/16",),
        configuration={"probes.latency.interval_seconds": 60},
    )
    away.shipper._heard.say_asleep(away.client)
    assert away.shipper.settings == collector.settings
    assert load_settings(away.state) == collector.settings
    assert away.live.current().probes.latency.interval_seconds == 60


def test_an_answer_to_asleep_from_somebody_else_is_neither_believed_nor_logged(
    away: Agent, collector: ScriptedCollector, caplog: pytest.LogCaptureFixture
) -> None:
    portal = "http://192.168.77.1/login-at-the-canary-cafe"
    collector.sleeping = [
        lambda request: request.answer(302, location=portal),
        lambda request: request.answer(200, portal.encode(), "text/html"),
        lambda request: request.problem(401, portal),
    ]
    with caplog.at_level(logging.DEBUG, "broadgauge_agent"):
        for _ in range(3):
            away.shipper._heard._asleep_due = 0
            away.shipper._heard.say_asleep(away.client)
    assert len(collector.requests) == 3
    assert away.shipper.settings == Settings()
    assert "canary" not in caplog.text
    assert away.trouble() == ""


def test_a_setting_beyond_the_agents_bounds_is_logged_once(
    agent: Agent, collector: ScriptedCollector, caplog: pytest.LogCaptureFixture
) -> None:
    sent: dict[str, Any] = {"probes.throughput.max_seconds": 3600}
    collector.settings = Settings(configuration=sent)
    for name in ("Core", "Edge"):
        agent.shipper._heard._due = 0
        agent.ship()
        collector.settings = Settings(configuration=sent, reflectors=(make_reflector(8485, name),))
    assert caplog.text.count("setting left out key=probes.throughput.max_seconds") == 1
    assert [type(each) for each in agent.live.refused] == [RefusedSetting]
    assert agent.live.current().probes.throughput.max_seconds == 10
