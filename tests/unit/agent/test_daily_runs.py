"""Where a server's owner limits the tests of a day, no run goes beyond, restarts included."""

from datetime import UTC, datetime

from broadgauge_agent.daily_runs import DailyRuns
from broadgauge_agent.probes import load_probe
from broadgauge_agent.spool import Spool

DAY = 86400.0
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC).timestamp()
MLAB = load_probe("mlab")


def test_mlab_is_tested_four_times_a_day_and_no_more(spool: Spool) -> None:
    runs = DailyRuns(spool, lambda: NOON)
    for _ in range(4):
        assert runs.refusal(MLAB) is None
        runs.count(MLAB)
    refusal = runs.refusal(MLAB)
    assert refusal
    assert "the 4 tests a day" in refusal


def test_a_restart_forgets_none_of_them_and_a_new_day_all(spool: Spool) -> None:
    for _ in range(4):
        DailyRuns(spool, lambda: NOON).count(MLAB)
    assert DailyRuns(spool, lambda: NOON).refusal(MLAB)
    tomorrow = DailyRuns(spool, lambda: NOON + DAY)
    assert tomorrow.refusal(MLAB) is None
    tomorrow.count(MLAB)
    assert tomorrow.refusal(MLAB) is None


def test_probes_to_the_districts_own_servers_have_no_such_limit(spool: Spool) -> None:
    runs, throughput = DailyRuns(spool, lambda: NOON), load_probe("throughput")
    for _ in range(10):
        runs.count(throughput)
    assert runs.refusal(throughput) is None
