"""What Prometheus is told."""

import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from broadgauge_collector.certificates import ShownCertificate, own_tls
from broadgauge_collector.schools.repository import add_link
from broadgauge_wire import DroppedResults, new_id
from tests.api_client import Api
from tests.browser.serving import nights
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
    told = {"spooled_results": 4, "dropped_results": (gone,), "damaged_results": 2}
    sent = batch(agent, *records, **told)
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
    assert "broadgauge_agents_damaged_results 2.0" in lines


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


def judged(api: Api, **changes: Any) -> list[str]:
    """Metrics after twelve evenings of two tests each way, at a school with 500 students."""
    school = api.school(students=500)
    with api.services.stores.control.begin() as c:
        add_link(
            c,
            name="Fiber",
            segment="internet",
            school_ids=[school.id],
            contracted_bits_per_second=1e9,
        )
    agent, headers = api.agent(school)
    tests = [replace(test, id=new_id(), **changes) for test in nights(900)]
    assert api.send(batch(agent, *tests), headers).json()["refused"] == []
    return _metrics(api).splitlines()


def test_verdicts_and_what_they_rest_on_are_told(api: Api) -> None:
    lines = judged(api)
    school = 'school="Lincoln Elementary",target="fcc-1mbps"'
    assert f'broadgauge_school_verdict{{conclusion="meets",{school}}} 1.0' in lines
    assert f'broadgauge_school_verdict{{conclusion="below",{school}}} 0.0' in lines
    line = '{direction="download",link="Fiber",segment="internet",target="fcc-1mbps"}'
    assert f"broadgauge_link_need_bytes_per_second{line} 6.25e+07" in lines
    assert f"broadgauge_link_contracted_bytes_per_second{line} 1.25e+08" in lines
    assert f"broadgauge_link_capacity_bytes_per_second{line} 1.125e+08" in lines
    assert f"broadgauge_link_counted_tests{line} 24.0" in lines
    assert f"broadgauge_link_votes{line} 12.0" in lines
    assert "broadgauge_verdict_needed_tests 10.0" in lines
    assert "broadgauge_verdict_needed_votes 6.0" in lines


def test_made_up_results_have_no_verdict_here(api: Api) -> None:
    lines = judged(api, simulated=True)
    assert not [line for line in lines if line.startswith("broadgauge_link_verdict{")]
    assert not [line for line in lines if line.startswith("broadgauge_school_verdict{")]


def test_the_servers_disk_stores_and_clock_are_told(api: Api) -> None:
    _fill(api)
    said = {name: float(value) for name, value in map(str.split, samples(_metrics(api)))}
    assert 0 < said["broadgauge_disk_free_bytes"] < said["broadgauge_disk_size_bytes"]
    assert said['broadgauge_stored_bytes{what="results"}'] > 0
    assert said['broadgauge_stored_bytes{what="control"}'] > 0
    assert abs(said["broadgauge_time_seconds"] - api.services.now().timestamp()) < 300
    assert said["broadgauge_ingest_waiting_results"] == 0
    assert "broadgauge_certificate_expiry_timestamp_seconds" not in said  # plain HTTP


def samples(text: str) -> list[str]:
    """Lines with one number and no blank in a label."""
    return [line for line in text.splitlines() if line.count(" ") == 1 and line[0] != "#"]


def test_a_certificate_says_when_it_ends(api: Api, tmp_path: Path) -> None:
    tls = own_tls(tmp_path, ["127.0.0.1"])
    api.services.metrics.certificate = ShownCertificate(tls)
    said = dict(map(str.split, samples(_metrics(api))))
    ends = float(said["broadgauge_certificate_expiry_timestamp_seconds"])
    assert ends - api.services.now().timestamp() == pytest.approx(3652 * 86400, abs=3600)


def test_when_a_school_was_last_heard_leaves_out_who_sleeps(api: Api) -> None:
    school = api.school()
    now = api.services.now()
    for asleep in (False, True):
        agent, headers = api.agent(school)
        assert api.send(batch(agent, throughput(started_at=now)), headers).status_code == 200
        if asleep:
            api.http.post("/api/v1/asleep", content=b"{}", headers=headers)
    (line,) = [x for x in _metrics(api).splitlines() if "last_heard_timestamp_seconds{" in x]
    assert 'school="Lincoln Elementary"' in line


def test_routes_are_labelled_by_their_template_never_by_an_id(api: Api) -> None:
    api.school()
    api.http.get("/api/v1/schools/Lincoln Elementary", headers=api.admin)
    api.http.get("/wp-login.php")

    text = _metrics(api)

    assert 'route="/api/v1/schools/{school}"' in text
    assert "Lincoln" not in text.split("broadgauge_http_request")[1]
    assert "wp-login" not in text
