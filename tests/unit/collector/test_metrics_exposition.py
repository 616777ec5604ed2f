"""What Prometheus is told."""

import subprocess
from datetime import timedelta

from broadgauge_wire import DroppedResults
from tests.api_client import Api
from tests.collecting import batch, throughput


def _metrics(api: Api) -> str:
    answer = api.http.get("/metrics", headers=api.admin)
    assert answer.status_code == 200
    return answer.text


def _fill(api: Api) -> None:
    agent, headers = api.agent(api.school())
    now = api.services.now()
    gone = DroppedResults(kind="latency", results=9, oldest_at=now, newest_at=now)
    records = (throughput(started_at=now), b'{"kind":"?"}')
    sent = batch(agent, *records, spooled_results=4, dropped_results=(gone,))
    assert api.send(sent, headers).status_code == 200


def test_promtool_finds_nothing_wrong(api: Api, promtool: str) -> None:
    _fill(api)

    checked = subprocess.run(
        [promtool, "check", "metrics"],
        input=_metrics(api),
        text=True,
        capture_output=True,
        check=False,
    )

    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")


def test_results_and_agents_are_counted(api: Api) -> None:
    _fill(api)

    lines = _metrics(api).splitlines()

    assert "broadgauge_batches_total 1.0" in lines
    assert "broadgauge_results_stored_total 1.0" in lines
    assert "broadgauge_results_refused_total 1.0" in lines
    assert 'broadgauge_agents{state="live"} 1.0' in lines
    assert "broadgauge_agents_spooled_results 4.0" in lines
    assert "broadgauge_agents_dropped_results 9.0" in lines


def test_agents_that_sleep_are_counted_as_such(api: Api) -> None:
    _, headers = api.agent(api.school())
    api.http.post("/api/v1/asleep", content=b"{}", headers=headers)

    lines = _metrics(api).splitlines()

    assert 'broadgauge_agents{state="asleep"} 1.0' in lines
    assert 'broadgauge_agents{state="live"} 0.0' in lines


def test_rates_are_bytes_per_second(api: Api) -> None:
    _fill(api)

    (line,) = [line for line in _metrics(api).splitlines() if "line_rate_bytes_per_second{" in line]

    assert 'school="Lincoln Elementary"' in line
    assert float(line.split()[-1]) == 470e6 / 8


def test_only_agents_tests_to_the_districts_test_servers_are_the_rate(api: Api) -> None:
    agent, headers = api.agent(api.school())
    now = api.services.now()
    others = ({"public_server": True}, {"method": "ookla"}, {"client": "browser"})
    ours = throughput(started_at=now - timedelta(minutes=5))
    made = (throughput(started_at=now, line_bits_per_second=9e9, **other) for other in others)
    assert api.send(batch(agent, ours, *made), headers).json()["refused"] == []

    lines = [line for line in _metrics(api).splitlines() if "line_rate_bytes_per_second{" in line]

    assert [float(line.split()[-1]) for line in lines] == [470e6 / 8]


def test_routes_are_labelled_by_their_template_never_by_an_id(api: Api) -> None:
    api.school()
    api.http.get("/api/v1/schools/Lincoln Elementary", headers=api.admin)
    api.http.get("/wp-login.php")

    text = _metrics(api)

    assert 'route="/api/v1/schools/{school}"' in text
    assert "Lincoln" not in text.split("broadgauge_http_request")[1]
    assert "wp-login" not in text
