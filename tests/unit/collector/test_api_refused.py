"""What was sent and not taken: shown with its reason, counted, and to be taken away as a file."""

import csv
import io
import json
from datetime import timedelta
from typing import Any

import pytest

from broadgauge_collector.access.permissions import Permission
from broadgauge_collector.store.tables import agent as table
from broadgauge_wire import encode, new_id
from tests.api_client import Api
from tests.collecting import batch, latency, throughput

PATH = "/api/v1/refused"
SCRIPT = b'{"kind":"throughput","id":"<script>alert(1)</script>"}'
FORMULA = b'=HYPERLINK("http://example.org")'


def sent(api: Api, *records: Any, name: str = "Lincoln Elementary") -> Any:
    """An agent whose batch had these records beside a good one."""
    agent, headers = api.agent(api.school(name))
    answer = api.send(batch(agent, throughput(), *records), headers)
    assert answer.status_code == 200, answer.text
    return agent


def asked(api: Api, **question: Any) -> Any:
    answer = api.http.get(PATH, params=question, headers=api.admin)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_nothing_kept_aside_is_an_empty_answer(api: Api) -> None:
    sent(api)
    assert asked(api) == {"tallies": [], "records": []}


def test_records_are_counted_by_agent_and_reason_the_last_received_first(api: Api) -> None:
    one = sent(api, latency(lost=101), latency(lost=102), b"{}")
    two = sent(api, latency(lost=103), name="Roosevelt High")
    found = asked(api)["tallies"]
    assert {(t["agent_id"], t["reason"], t["records"]) for t in found} == {
        (str(one.id), "lost is over sent", 2),
        (str(one.id), "Object missing required field `kind`", 1),
        (str(two.id), "lost is over sent", 1),
    }
    assert found[0]["agent_id"] == str(two.id)
    assert found[0]["school"] == "Roosevelt High"


def test_a_record_is_shown_as_it_came_with_where_it_stood(api: Api) -> None:
    bad = latency(lost=101)
    agent = sent(api, bad)
    (record,) = asked(api)["records"]
    assert record["record"] == encode(bad).decode()
    assert (record["index"], record["sequence"], record["lane"]) == (1, 1, "live")
    assert (record["agent"], record["id"]) == (agent.name, str(bad.id))


def test_records_are_asked_for_by_agent_reason_and_moment(api: Api) -> None:
    one = sent(api, latency(lost=101), b"{}")
    sent(api, b"{}", name="Roosevelt High")
    reason = "lost is over sent"
    assert len(asked(api)["records"]) == 3
    assert len(asked(api, agent=str(one.id))["records"]) == 2
    assert len(asked(api, agent=str(one.id), reason=reason)["records"]) == 1
    assert len(asked(api, limit=1)["records"]) == 1
    assert len(asked(api, agent=str(new_id()))["records"]) == 0
    tomorrow = (api.services.now() + timedelta(days=1)).isoformat()
    assert len(asked(api, since=tomorrow)["records"]) == 0


def test_a_conflicting_batch_is_among_them(api: Api) -> None:
    agent, headers = api.agent(api.school())
    api.send(batch(agent, throughput()), headers)
    api.send(batch(agent, throughput(), latency()), headers)
    (tally,) = asked(api)["tallies"]
    assert tally["records"] == 2
    assert "committed before, with other content" in tally["reason"]


def test_json_lines_have_a_record_a_line(api: Api) -> None:
    sent(api, SCRIPT, b'"a\\nb"')
    answer = api.http.get(PATH, params={"format": "jsonl"}, headers=api.admin)
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert "attachment" in answer.headers["content-disposition"]
    records = [json.loads(line) for line in answer.text.splitlines()]
    assert {record["record"].encode() for record in records} == {SCRIPT, b'"a\\nb"'}


def test_a_csv_holds_no_formula(api: Api) -> None:
    agent = sent(api, b'"=1+1"')
    with api.services.stores.control.begin() as c:
        c.execute(table.update().where(table.c.id == agent.id).values(name=FORMULA.decode()))
    answer = api.http.get(PATH, params={"format": "csv"}, headers=api.admin)
    (row,) = csv.DictReader(io.StringIO(answer.text))
    assert row["agent"] == "'" + FORMULA.decode()
    assert row["record"] == '"=1+1"'
    assert all(value[:1] not in set("=+-@\t\r") for value in row.values() if value)


@pytest.mark.parametrize("format_", ["json", "jsonl", "csv"])
def test_an_agent_may_not_read_what_others_sent(api: Api, format_: str) -> None:
    _, headers = api.agent(api.school())
    answer = api.http.get(PATH, params={"format": format_}, headers=headers)
    assert answer.status_code == 403
    reader = api.user(Permission.READ)
    assert api.http.get(PATH, params={"format": format_}, headers=reader).status_code == 200


@pytest.mark.parametrize(
    "question", [{"agent": "7"}, {"limit": 0}, {"format": "html"}, {"since": "yesterday"}]
)
def test_a_question_that_is_none_is_refused(api: Api, question: dict[str, Any]) -> None:
    assert api.http.get(PATH, params=question, headers=api.admin).status_code == 422
