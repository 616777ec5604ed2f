"""The benchmark's own arithmetic: what counts as an error, as wrong, and as reached."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.recording import document
from benchmarks.throughput_figures import first_and_later, labels, ours, rivals, wrong_exacts
from benchmarks.throughput_goals import goals
from benchmarks.throughput_grid import all_units, quick_units
from benchmarks.throughput_kept import is_done, keep_unit, kept_runs
from benchmarks.throughput_report import figures
from benchmarks.throughput_run import IPERF3, Run
from benchmarks.throughput_table import markdown
from benchmarks.throughput_trap_kinds import step
from benchmarks.throughput_traps import in_force
from lab.path import State


def run(**fields: Any) -> Run:
    """A good test of a clean line of 100 Mbit/s, but for these fields."""
    usual: dict[str, Any] = {
        "part": "grid",
        "unit": "100M-20ms",
        "direction": "download",
        "truth_bits_per_second": 100e6,
        "path_bits_per_second": 100e6,
        "bits_per_second": 99e6,
        "bound": "exact",
        "interface_bytes": 10_000_000,
        "test_seconds": 1.0,
        "revision": "abc1234",
        "load_average": 0.0,
        "others_cores": 0.0,
    }
    return Run(**usual | fields)


@pytest.mark.parametrize(
    ("rate", "bound", "is_wrong"),
    [(91e6, "exact", False), (89e6, "exact", True), (112e6, "exact", True), (50e6, None, False),
     (50e6, "at_least", False), (None, "exact", False)],
)  # fmt: skip
def test_only_an_exact_more_than_a_tenth_off_is_wrong(
    rate: float | None, bound: str | None, is_wrong: bool
) -> None:
    assert bool(wrong_exacts([run(bits_per_second=rate, bound=bound)])) == is_wrong


def test_an_exact_below_the_path_is_wrong_though_the_machine_allowed_no_more() -> None:
    limited = run(
        part="traps", kind="network card", truth_bits_per_second=50e6, bits_per_second=50e6
    )
    assert limited.error_ratio == 0
    assert len(wrong_exacts([limited])) == 1


def test_first_and_later_tests_are_told_apart() -> None:
    found = first_and_later(
        [run(bits_per_second=80e6), run(knows="line"), run(knows="line", bits_per_second=97e6)]
    )
    assert found["first"]["median_error_ratio"] == pytest.approx(0.20)
    assert found["later"]["median_error_ratio"] == pytest.approx(0.02)
    assert found["together"]["worst_error_ratio"] == pytest.approx(0.20)


def test_bytes_are_measured_against_ten_seconds_at_the_true_rate() -> None:
    assert run().bytes_ratio == pytest.approx(0.08)


def test_a_limited_test_that_claims_to_know_the_path_spoils_the_recall() -> None:
    kind = {"part": "traps", "kind": "receive window", "bits_per_second": 40e6}
    found = labels([run(**kind), run(**kind, bound="at_least"), run(**kind, bound=None), run()])
    assert found["otherwise_bound_runs"] == found["machine_limited_runs"] == 3
    assert found["not_exact"] == pytest.approx(2 / 3)
    assert found["recall"] == pytest.approx(1 / 3)


def test_where_loss_set_the_rate_no_claim_is_right() -> None:
    found = labels([run(part="loss", bits_per_second=40e6, bound=None)])
    assert (found["not_exact"], found["recall"], found["machine_limited_runs"]) == (1, None, 0)


def test_a_limit_that_the_path_is_slower_than_asks_for_no_label() -> None:
    assert labels([run(part="traps", kind="receive window")])["otherwise_bound_runs"] == 0


def test_rivals_are_compared_on_the_lines_where_they_ran() -> None:
    elsewhere = run(unit="5M-2ms", bits_per_second=1e6)
    theirs = run(tool=IPERF3, bits_per_second=90e6, interface_bytes=100_000_000, bound=None)
    found = rivals([run(), theirs, elsewhere])
    assert found["tools"]["broadgauge"]["median_error_ratio"] == pytest.approx(0.01)
    assert found["ours_to"][IPERF3]["median_error_ratio"] == pytest.approx(0.1)
    assert found["ours_to"][IPERF3]["median_bytes_of_flood_ratio"] == pytest.approx(0.1)


def test_goals_say_what_was_reached_what_not_and_what_nobody_measured() -> None:
    found = {goal.name: goal for goal in goals([run(), run(bits_per_second=50e6)])}
    assert found["Bytes of a 10 s flood, median"].is_reached is True
    error = found["Error, 95th percentile"]
    assert error.is_reached is False
    assert "100M-20ms download" in error.reason
    assert found["Unshaped with TLS, upload"].is_reached is None


def test_the_page_names_each_exact_that_is_wrong_and_each_failure() -> None:
    failed = run(unit="5M-2ms", bits_per_second=None, bound=None, error="the test stalled")
    page = markdown(document("throughput", figures([run(), run(bits_per_second=50e6), failed])))
    assert "**not reached**" in page
    assert "- unit 100M-20ms, direction download" in page
    assert "the test stalled" in page


def test_a_page_can_be_made_of_nothing() -> None:
    assert "not measured" in markdown(document("throughput", figures([])))


def test_a_unit_that_was_interrupted_is_run_anew(tmp_path: Path) -> None:
    def cut() -> Iterator[Run]:
        yield run()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        keep_unit(tmp_path, "100M-20ms", "plan", cut())
    assert not is_done(tmp_path, "100M-20ms", "plan")
    keep_unit(tmp_path, "100M-20ms", "plan", [run(), run(bound=None)])
    assert is_done(tmp_path, "100M-20ms", "plan")
    assert not is_done(tmp_path, "100M-20ms", "another plan")
    assert [kept.bound for kept in ours(kept_runs(tmp_path), "grid")] == ["exact", None]


def test_a_test_that_ended_before_a_step_is_judged_by_the_rate_before() -> None:
    before = State(100e6, 0.02)
    after = State(20e6, 0.02, since_seconds=2.0)
    assert in_force((before, after), 1.0, 100e6) == before
    assert in_force((before, after), 3.0, 100e6) == after
    assert in_force((before, after), 2.1, 96e6) == before
    assert in_force((before, after), 2.1, 19e6) == after


def test_a_step_comes_at_another_moment_each_time() -> None:
    import random

    plan, chance = step(State(100e6), 20e6), random.Random(1)
    assert len({plan(chance, False)[1].since_seconds for _ in range(5)}) == 5


def test_names_are_told_apart_and_a_quick_look_is_short() -> None:
    names = [unit.name for unit in all_units()]
    assert len(set(names)) == len(names)
    assert len(quick_units()) < len(names) / 4
