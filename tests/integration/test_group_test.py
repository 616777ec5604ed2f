"""Three agents on a line that one can't fill, together; their collector is killed."""

from pathlib import Path

from lab.group import group_lab
from lab.shared_line import shared_line
from tests.faults.slot_trials import logged, overlaps

OWN = 30_000_000


def test_three_agents_fill_a_line_of_which_one_sees_half(tmp_path: Path) -> None:
    with (
        shared_line(3, OWN, 55_000_000) as line,
        group_lab(line, tmp_path / "lab", 1.2 * OWN) as lab,
    ):
        group = lab.start()["id"]
        lab.until_in_the_middle(group)
        lab.collector.kill()
        lab.collector.start()
        done = lab.until(group, "done", "failed")
        assert done["state"] == "done", done
        result = lab.result(group)
        within = abs(result["line_bits_per_second"] / line.line_bits_per_second - 1)
        assert within < 0.05, result["swarm_stages"]
        assert (result["bound"], result["limited_by"]) == ("exact", "path"), result
        assert {part["trouble"] for part in result["swarm_parts"]} == {None}
        transfers = logged(lab.slot_log)
        assert {str(one.slot_id) for one in transfers} == {group}
        assert not list(overlaps(transfers))
