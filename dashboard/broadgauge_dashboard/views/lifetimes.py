"""How long devices go without a repair, and how many they have had by an age."""

from collections.abc import Sequence
from typing import Any

from dash import html

from broadgauge_collector.fleet.repairs.lifetimes import Lifetime, Lifetimes
from broadgauge_collector.fleet.statistics.weibull_check import WeibullCheck

from .. import format as fmt
from ..fleet_figures import repairs_by_age, unrepaired_by_age
from ..parts import chip, empty, panel
from ..tables import row_of, table_of
from .charts import graph

CURVES = 5
"""Lines in a chart, that of the whole fleet included: more can't be told apart."""

YEARS = (1, 2, 3, 4)


def lifetime_panels(found: Lifetimes) -> list[html.Section]:
    """Both curves, with the figures behind them."""
    if not found.groups[0].unrepaired:
        return [
            panel(
                "Time to first repair",
                empty("Nothing watched yet", "It takes devices with a known age, and repairs."),
            )
        ]
    return [_survival(found), _recurrence(found)]


def _survival(found: Lifetimes) -> html.Section:
    shown = found.groups[:CURVES]
    whole = found.groups[0]
    said = "; ".join(f"{group.name}: {_share(group, 2)} unrepaired at 2 years" for group in shown)
    return panel(
        "Time to first repair",
        graph("survival", unrepaired_by_age(shown), "Share without a repair by age", said, 340),
        _table(found.groups),
        *_remarks(whole),
        note="Share of devices that had no repair by an age (Kaplan-Meier). Devices count from the "
        "age at which their school's repair log began to tell of them; the band holds the whole "
        "fleet's 95% interval.",
    )


def _table(groups: Sequence[Lifetime]) -> html.Table:
    heads = ("Devices", *(f"At {fmt.plural(year, 'year')}" for year in YEARS), "Half repaired by")
    return table_of("Share without a repair", heads, [_row(g) for g in groups])


def _row(group: Lifetime) -> html.Tr:
    cells = [(f"At {fmt.plural(year, 'year')}", _at(group, year)) for year in YEARS]
    median = f"{group.median_age:.1f} years" if group.median_age else "not reached"
    cells.append(("Half repaired by", [html.Span(median), *_law(group)]))
    watched = f"{fmt.count(group.devices)} watched, {fmt.count(group.repairs)} repairs"
    name = [group.name, html.Span(watched, className="cell-note")]
    return row_of(name, cells)


def _at(group: Lifetime, year: int) -> list[Any]:
    found = next((one for one in group.shares if one.age == year), None)
    if found is None or found.share is None:
        return [fmt.UNKNOWN]
    between = (
        f"{fmt.percent(found.low)} to {fmt.percent(found.high)}" if found.low is not None else ""
    )
    return [
        html.Span(fmt.percent(found.share), className="cell-value"),
        html.Span(between, className="cell-note"),
    ]


def _share(group: Lifetime, year: int) -> str:
    found = next((one for one in group.shares if one.age == year), None)
    return fmt.percent(found.share) if found else fmt.UNKNOWN


def _law(group: Lifetime) -> list[Any]:
    if group.weibull is None or group.fit is None:
        return []
    law = group.weibull
    way = "wears" if law.shape_low > 1 else "gets better" if law.shape_high < 1 else "no trend"
    said = f"Weibull shape {law.shape:.2f} ({law.shape_low:.2f} to {law.shape_high:.2f}): {way}"
    return [html.Span(said, className="cell-note"), chip(_fit_word(group.fit))]


def _fit_word(fit: WeibullCheck) -> str:
    return {"fits": "law fits", "does not fit": "law doesn't fit"}.get(fit.word, fit.word)


def _remarks(whole: Lifetime) -> list[html.P]:
    said = [
        f"The curve begins at {whole.begins_at_age:.1f} years, the first age with enough devices "
        "watched: shares are of devices unrepaired by then."
        if whole.begins_at_age
        else "",
        f"{fmt.plural(whole.left_out, 'device')} had been repaired before the log told of them, "
        "and have no first repair to wait for."
        if whole.left_out
        else "",
    ]
    return [html.P(text, className="footing") for text in said if text]


def _recurrence(found: Lifetimes) -> html.Section:
    shown = found.groups[:CURVES]
    said = "; ".join(_mean(group) for group in shown)
    return panel(
        "Repairs of a device by its age",
        graph("recurrence", repairs_by_age(shown), "Mean repairs by age", said, 320),
        note="How many repairs a device has had by an age, on average (mean cumulative function). "
        "The band allows for devices that break again and again.",
    )


def _mean(group: Lifetime) -> str:
    found = next((one for one in group.means if one.age == 3.0), None)
    if found is None or found.mean is None:
        return f"{group.name}: not known at 3 years"
    return f"{group.name}: {found.mean:.2f} repairs by 3 years"
