"""The API does what its OpenAPI document says, whoever asks and whatever is sent: schemathesis
makes the requests from the document itself, against a running server over real stores."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.request import urlopen

import pytest

from broadgauge_collector.access.join import create_join_token
from broadgauge_collector.access.permissions import Permission
from broadgauge_collector.access.users import create_user_token
from broadgauge_wire import JoinAnswer, encode
from tests import collecting
from tests.browser.serving import Board, board, latencies, nights
from tests.running import BIN

DOCUMENT = "/api/v1/openapi.json"
HOOKS = Path(__file__).parent / "openapi_hooks.py"
CONFIGURATION = Path(__file__).parent / "schemathesis.toml"
FAR_TOO_LONG_SECONDS = 280

pytestmark = pytest.mark.timeout(300)

THOROUGHLY = ["--max-examples=4", "--phases=coverage,fuzzing,stateful"]
BRIEFLY = ["--max-examples=1", "--phases=fuzzing"]
AGENTS_OWN = "^/api/v1/(join|batches|settings|asleep)$"

BEYOND_THE_SCHEMA = "positive_data_acceptance"
"""Off: a schema can't say which time zones there are, so what it lets through may be refused."""


@dataclass
class Filled:
    """A running server with a school, a line, results, and an agent to speak as."""

    board: Board
    agent: JoinAnswer
    known: dict[str, object]
    administrator: str


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    with board(tmp_path_factory.mktemp("data")) as running:
        school = running.school("Lincoln Elementary")
        agent = running.agent(school)
        running.post(agent, *nights(300, days=3), *latencies())
        now = running.services.now()
        with running.services.stores.control.begin() as c:
            both = (Permission.READ, Permission.MANAGE)
            administrator = create_user_token(c, name="schemathesis", permissions=both, now=now)
            token = create_join_token(
                c, school_id=school.id, lifetime=timedelta(days=1), uses=10_000, now=now
            )
        known = {
            "school": school.name,
            "agent_id": str(agent.agent_id),
            "token": token,
            "result": json.loads(encode(collecting.skipped())),
        }
        yield Filled(running, agent, known, administrator)


def test_an_administrator_gets_what_the_document_says(server: Filled) -> None:
    # The agent that other tests speak as isn't named: to revoke one is an operation too.
    known = {**server.known, "agent_id": "0192aaaa-0000-7000-8000-000000000000"}
    said = schemathesis(server, server.administrator, known, *THOROUGHLY)
    assert count_in(said) == operations(server)


def test_an_agent_gets_what_the_document_says(server: Filled) -> None:
    said = schemathesis(server, server.agent.key, server.known, *BRIEFLY)
    assert count_in(said) == operations(server)


def test_what_agents_send_gets_what_the_document_says(server: Filled) -> None:
    options = [*THOROUGHLY, "--max-examples=40", "--include-path-regex", AGENTS_OWN]
    said = schemathesis(server, server.agent.key, server.known, *options)
    assert count_in(said) == 4


@pytest.mark.parametrize("token", [None, "bgu_" + "x" * 43])
def test_whoever_is_not_known_gets_what_the_document_says(
    server: Filled, token: str | None
) -> None:
    said = schemathesis(server, token, server.known, *BRIEFLY)
    assert count_in(said) == operations(server)


def operations(server: Filled) -> int:
    """How many there are in the document."""
    document = json.loads(urlopen(server.board.url + DOCUMENT, timeout=30).read())
    return sum(map(len, document["paths"].values()))


def count_in(said: str) -> int:
    """How many schemathesis says it tried."""
    return int(re.findall(r"Tested: (\d+)", said)[-1])


def schemathesis(server: Filled, token: str | None, known: dict[str, object], *options: str) -> str:
    """Ask for everything in the document as one caller, the same requests each time."""
    caller = ["--header", f"Authorization: Bearer {token}"] if token else []
    run = subprocess.run(
        [
            str(BIN / "schemathesis"), "--config-file", str(CONFIGURATION),
            "run", server.board.url + DOCUMENT, *caller, *options,
            "--generation-deterministic", "--exclude-checks", BEYOND_THE_SCHEMA, "--no-color",
            "--warnings=off",
        ],
        env={
            **os.environ,
            "SCHEMATHESIS_HOOKS": str(HOOKS),
            "BROADGAUGE_KNOWN": json.dumps(known),
            "NO_PROXY": "127.0.0.1",
        },
        cwd=server.board.services.config.data,  # where it may leave what it remembers
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=FAR_TOO_LONG_SECONDS,
        check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout
    return run.stdout
