"""What a person reads of the district as a whole."""

from broadgauge_collector.reports.audit import Audit, Finding, Part
from broadgauge_dashboard.views.audit import audit_panel
from tests.unit.dashboard.seeing import NOW, TARGET, texts


def shown(parts: tuple[Part, ...], findings: tuple[Finding, ...]) -> str:
    audit = Audit(
        target=TARGET, days=30, as_of=NOW, tests=720, parts=parts, findings=findings,
        simulated=False,
    )  # fmt: skip
    return texts(audit_panel(audit))


def test_where_rates_vary_and_what_schools_share_is_shown() -> None:
    part = Part(place="schools", meaning="from school to school", share=0.72, factor=2.1)
    names = tuple(f"School {n}" for n in range(9))
    words = shown((part,), (Finding(words="Tests fail: 9 schools.", schools=names),))
    assert "72%" in words
    assert "2.10" in words
    assert "School 5 and 3 others" in words
    assert "720 download tests" in words


def test_with_nothing_known_it_says_so() -> None:
    assert "too few tests" in shown((), ())
