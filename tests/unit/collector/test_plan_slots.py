"""Slots: one test at a time on a line, never in a blackout, never beyond a budget."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import jwt
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from broadgauge_collector.access.access_keys import make_access_key
from broadgauge_collector.plan.slot_rules import (
    GUARD,
    LineOfSchool,
    Span,
    first_free,
    lines_loaded,
)
from broadgauge_collector.schools.agent_settings import set_agent_setting
from broadgauge_collector.schools.calendars import add_day
from broadgauge_collector.schools.model import CalendarDay, Reflector, School
from broadgauge_collector.schools.repository import add_link, add_reflector
from broadgauge_collector.store.tables import agent as agent_table
from broadgauge_wire import Segment, Settings, SlotAnswer, SlotRequest, decode, encode, new_id
from tests.api_client import Api, Headers, serving

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MB = 10**6


def end_of(segment: Segment, link_id: UUID | None = None) -> Reflector:
    return Reflector(id=new_id(), name="End", host="h", port=1, segment=segment, link_id=link_id)


def shared(segment: Segment, upstream_id: UUID | None = None) -> LineOfSchool:
    return LineOfSchool(id=new_id(), segment=segment, upstream_id=upstream_id, is_shared=True)


def test_a_test_loads_every_shared_line_as_far_out_as_it_goes() -> None:
    school, internet = new_id(), shared("internet")
    circuit = shared("wan", internet.id)
    own = LineOfSchool(id=new_id(), segment="lan")
    lines = (own, circuit, internet)
    assert set(lines_loaded(school, lines, None)) == {school, circuit.id, internet.id}
    assert set(lines_loaded(school, lines, end_of("wan"))) == {school, circuit.id}
    assert lines_loaded(school, lines, end_of("lan")) == (school,)


def test_a_test_to_the_end_of_one_circuit_leaves_the_other_alone() -> None:
    school, core = new_id(), shared("wan")
    ring, other = shared("wan", core.id), shared("wan")
    loaded = lines_loaded(school, (core, ring, other), end_of("wan", core.id))
    assert set(loaded) == {school, core.id, ring.id}
    assert set(lines_loaded(school, (core, ring, other), end_of("wan", ring.id))) == {
        school,
        ring.id,
    }


def _span(began: float, length: float) -> Span:
    begins = NOON + timedelta(seconds=began)
    return Span(begins, begins + timedelta(seconds=length))


spans = st.builds(_span, st.floats(-100, 300), st.floats(0.1, 60))


@given(st.lists(spans, max_size=8), st.floats(0.1, 60))
def test_the_first_free_moment_touches_nothing_that_is_held(
    held: list[Span], seconds: float
) -> None:
    begins = first_free(held, NOON, seconds)
    assert begins >= NOON
    ends = begins + timedelta(seconds=seconds)
    for span in held:
        assert span.ends_at + GUARD <= begins or ends + GUARD <= span.begins_at
    if not held:
        assert begins == NOON


class District(NamedTuple):
    """Two schools on one Internet line, each with a circuit that it shares with somebody else."""

    schools: tuple[School, School]
    agents: tuple[Headers, Headers]
    cloud: UUID
    cores: tuple[UUID, UUID]


def district(api: Api) -> District:
    north, south, office = (api.school(name) for name in ("North", "South", "Office"))
    with api.services.stores.control.begin() as c:
        both = [north.id, south.id, office.id]
        internet = add_link(c, name="Internet", segment="internet", school_ids=both)
        cloud = add_reflector(
            c, name="Cloud", host="192.0.2.1", port=1, segment="internet", link_id=internet.id
        )
        make_access_key(c, cloud.id, api.services.now())
        cores = []
        for school in (north, south):
            circuit = add_link(
                c, name=f"To {school.name}", segment="wan", school_ids=[school.id, office.id]
            )
            core = add_reflector(
                c,
                name=f"Core of {school.name}",
                host="192.0.2.2",
                port=1,
                segment="wan",
                link_id=circuit.id,
            )
            cores.append(core.id)
    return District(
        schools=(north, south),
        agents=(api.agent(north)[1], api.agent(south)[1]),
        cloud=cloud.id,
        cores=(cores[0], cores[1]),
    )


def ask(api: Api, headers: Headers, reflector: UUID | None = None, **about: Any) -> Any:
    wish: dict[str, Any] = {"id": new_id(), "bytes_at_most": 100 * MB, "seconds": 30.0} | about
    request = SlotRequest(reflector_id=reflector, directions=("download",), **wish)
    return api.http.post("/api/v1/slots", content=encode(request), headers=headers)


def given_slot(answer: Any) -> SlotAnswer:
    assert answer.status_code == 200, answer.text
    return decode(answer.content, SlotAnswer)


def end(api: Api, headers: Headers, slot: SlotAnswer, bytes_used: int) -> None:
    path = f"/api/v1/slots/{slot.slot_id}/end"
    said = api.http.post(path, json={"bytes_used": bytes_used}, headers=headers)
    assert said.status_code == 204, said.text


def test_a_line_is_one_tests_at_a_time(api_on_both: Api) -> None:
    api = api_on_both
    it = district(api)
    slot = given_slot(ask(api, it.agents[0], it.cloud))
    assert slot.begins_in_seconds == 0
    assert slot.holds_seconds == 30
    busy = ask(api, it.agents[1], it.cloud)
    assert busy.status_code == 409
    assert 25 < int(busy.headers["retry-after"]) <= 31
    assert "Other tests are on the line" in busy.json()["detail"]


def test_who_waits_is_given_the_time_after(api: Api) -> None:
    it = district(api)
    given_slot(ask(api, it.agents[0], it.cloud))
    later = given_slot(ask(api, it.agents[1], it.cloud, waits_seconds=60.0))
    assert 25 < later.begins_in_seconds <= 31
    assert later.holds_seconds == 30


def test_lines_apart_are_tested_at_once(api: Api) -> None:
    it = district(api)
    given_slot(ask(api, it.agents[0], it.cores[0]))
    given_slot(ask(api, it.agents[1], it.cores[1]))


def test_a_test_to_the_internet_is_on_its_circuit_too(api: Api) -> None:
    it = district(api)
    given_slot(ask(api, it.agents[0], it.cloud))
    assert ask(api, api.agent(it.schools[0])[1], it.cores[0]).status_code == 409
    given_slot(ask(api, it.agents[1], it.cores[1]))


def test_a_test_to_somebody_elses_server_is_one_over_the_internet(api: Api) -> None:
    it = district(api)
    assert given_slot(ask(api, it.agents[0])).token is None
    assert ask(api, it.agents[1], it.cloud).status_code == 409


def test_a_test_that_has_ended_leaves_the_line_to_others(api: Api) -> None:
    it = district(api)
    slot = given_slot(ask(api, it.agents[0], it.cloud))
    end(api, it.agents[0], slot, 5)
    end(api, it.agents[0], slot, 5)
    given_slot(ask(api, it.agents[1], it.cloud, waits_seconds=2.0))


def test_asked_again_it_is_the_same_slot(api: Api) -> None:
    it = district(api)
    same = new_id()
    first = given_slot(ask(api, it.agents[0], it.cloud, id=same))
    again = given_slot(ask(api, it.agents[0], it.cloud, id=same))
    assert again.slot_id == first.slot_id
    assert again.holds_seconds <= first.holds_seconds
    assert ask(api, it.agents[1], it.cloud, id=same).status_code == 422
    end(api, it.agents[0], first, 1)
    assert ask(api, it.agents[0], it.cloud, id=same).status_code == 422


def test_a_slot_holds_through_a_restart(tmp_path: Path) -> None:
    with serving(tmp_path) as api:
        it = district(api)
        given_slot(ask(api, it.agents[0], it.cloud))
    with serving(tmp_path) as again:
        assert ask(again, it.agents[1], it.cloud).status_code == 409


def test_a_test_server_of_another_line_is_refused(api: Api) -> None:
    it = district(api)
    assert ask(api, it.agents[0], it.cores[1]).status_code == 422
    assert ask(api, it.agents[0], new_id()).status_code == 422


def test_only_an_agent_asks_and_only_the_holder_ends(api: Api) -> None:
    it = district(api)
    assert ask(api, api.admin, it.cloud).status_code == 403
    slot = given_slot(ask(api, it.agents[0], it.cloud))
    path = f"/api/v1/slots/{slot.slot_id}/end"
    assert api.http.post(path, json={"bytes_used": 0}, headers=it.agents[1]).status_code == 404


def blackout(api: Api, school: School | None = None) -> None:
    today = api.services.now().date()
    day = CalendarDay(
        first=today - timedelta(days=1),
        last=today + timedelta(days=1),
        kind="blackout",
        name="State testing",
        school_id=school.id if school else None,
    )
    with api.services.stores.control.begin() as c:
        add_day(c, day)


def test_in_a_blackout_no_test_loads_the_line_and_its_name_is_said(api_on_both: Api) -> None:
    api = api_on_both
    it = district(api)
    blackout(api)
    refused = ask(api, it.agents[0], it.cloud)
    assert refused.status_code == 429
    assert "State testing" in refused.json()["detail"]
    assert int(refused.headers["retry-after"]) > 0


def test_the_blackout_of_a_school_holds_for_all_who_share_a_line_with_it(api: Api) -> None:
    it = district(api)
    blackout(api, it.schools[1])
    assert ask(api, it.agents[0], it.cloud).status_code == 429
    given_slot(ask(api, it.agents[0], it.cores[0]))


def set_to(api: Api, key: str, value: float) -> None:
    with api.services.stores.control.begin() as c:
        set_agent_setting(c, key=f"probes.throughput.{key}", value=value)


def test_a_budget_that_is_used_up_is_said_with_whose_it_is(api: Api) -> None:
    it = district(api)
    wish = {"bytes_expected": 90 * MB, "waits_seconds": 200.0}
    for key, whose in (
        ("max_bytes_per_day", "this machine a day"),
        ("max_bytes_per_month", "this machine a month"),
        ("school_max_bytes_per_day", "this school a day"),
        ("school_max_bytes_per_month", "this school a month"),
    ):
        set_to(api, key, 150 * MB)
        first = given_slot(ask(api, it.agents[0], it.cores[0], **wish))
        assert first.bytes_at_most == 100 * MB
        refused = ask(api, it.agents[0], it.cores[0], **wish)
        assert refused.status_code == 429
        assert whose in refused.json()["detail"]
        assert 0 < int(refused.headers["retry-after"]) <= 32 * 86400
        end(api, it.agents[0], first, 0)
        set_to(api, key, 1000 * MB)


def test_of_a_small_rest_a_test_is_given_that_and_no_more(api: Api) -> None:
    it = district(api)
    set_to(api, "max_bytes_per_day", 130 * MB)
    end(api, it.agents[0], given_slot(ask(api, it.agents[0], it.cores[0])), 100 * MB)
    slot = given_slot(ask(api, it.agents[0], it.cores[0], waits_seconds=5.0))
    assert slot.bytes_at_most == 30 * MB


def test_the_token_says_the_slot_and_later_ones_say_that_the_agent_asks(api: Api) -> None:
    it = district(api)

    def ordinary() -> dict[str, Any]:
        told = decode(api.http.get("/api/v1/settings", headers=it.agents[0]).content, Settings)
        return claims(told.access_tokens[0].token)

    assert "asks_for_slots" not in ordinary()
    slot = given_slot(ask(api, it.agents[0], it.cloud))
    said = claims(slot.token or "")["slot"]
    assert said["id"] == str(slot.slot_id)
    assert said["bytes"] == slot.bytes_at_most
    assert str(it.schools[0].id) in said["lines"]
    assert ordinary()["asks_for_slots"] is True
    with api.services.stores.control.begin() as c:
        c.execute(update(agent_table).values(version="0.0.9"))
    assert "asks_for_slots" not in ordinary()


def claims(token: str) -> dict[str, Any]:
    found: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return found


def test_answers_are_counted_and_slots_that_hold_are_shown(api: Api) -> None:
    it = district(api)
    slot = given_slot(ask(api, it.agents[0], it.cloud))
    ask(api, it.agents[1], it.cloud)
    text = api.http.get("/metrics", headers=api.admin).text
    assert 'broadgauge_slot_requests_total{answer="given"} 1.0' in text
    assert 'broadgauge_slot_requests_total{answer="line_busy"} 1.0' in text
    assert "broadgauge_slots_held 1.0" in text
    end(api, it.agents[0], slot, 0)
    assert "broadgauge_slots_held 0.0" in api.http.get("/metrics", headers=api.admin).text


def test_days_and_months_are_the_schools_own(api: Api) -> None:
    from broadgauge_collector.plan.budgets import accounts

    it = district(api)
    with api.services.stores.control.begin() as c:
        at = datetime(2026, 3, 1, 3, tzinfo=UTC)
        found = accounts(
            c, school_id=it.schools[0].id, agent_id=new_id(), timezone="America/Chicago", at=at
        )
    assert [account.period for account in found[:2]] == [date(2026, 2, 28).isoformat(), "2026-02"]
    assert found[0].ends_at == found[1].ends_at
