"""Parts that were changed: the list on the Devices page, and on a device's page what to decide."""

from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from broadgauge_collector.fleet.parts_changed import Part
from broadgauge_collector.fleet.signals import DeviceSignal

from .. import format as fmt
from ..parts import panel
from ..tables import row_of, table_of

DECIDE = "decide-signal"
PARTS: dict[Part, str] = {"disk": "Disk", "battery": "Battery", "memory": "Memory"}
SHOWN = 20


def signals_list(open_: Sequence[DeviceSignal]) -> html.Section | None:
    """Machines whose parts were changed, those that wait for somebody; nothing if none does."""
    if not open_:
        return None
    rows = [_row(signal) for signal in open_[:SHOWN]]
    heads = ("Device", "School", "Part", "Before", "After", "Noticed")
    return panel("Parts that were changed", _table(heads, rows), note=_note(len(open_)))


def _note(many: int) -> str:
    rest = f" The newest {SHOWN} are shown; the others follow." if many > SHOWN else ""
    ask = "Say on the device's page whether it was one."
    return f"{fmt.plural(many, 'change')}, perhaps a repair. {ask}{rest}"


def signals_panel(signals: Sequence[DeviceSignal], *, may_decide: bool) -> html.Section | None:
    """One device's, with buttons while nobody decided; nothing if there is none."""
    open_ = [signal for signal in signals if signal.state == "open"]
    if not open_:
        return None
    rows = [_open_row(signal, may_decide=may_decide) for signal in open_]
    heads = ("Part", "Before", "After", "Noticed", *(("Was it a repair?",) if may_decide else ()))
    return panel(
        "Parts that were changed",
        _table(heads, rows),
        note="An agent's inventory says so. A repair is noted without a cost: complete it where "
        "repairs are.",
    )


def _row(signal: DeviceSignal) -> html.Tr:
    name = signal.serial or signal.asset_tag or signal.model or "No number"
    link = dcc.Link(name, href=f"/device/{signal.device_id}")
    cells = (("School", signal.school or fmt.UNKNOWN), ("Part", PARTS[signal.part]))
    return _tr(link, (*cells, *_change(signal)))


def _open_row(signal: DeviceSignal, *, may_decide: bool) -> html.Tr:
    decide = (("Was it a repair?", _buttons(signal)),) if may_decide else ()
    return _tr(PARTS[signal.part], (*_change(signal), *decide))


def _change(signal: DeviceSignal) -> tuple[tuple[str, Any], ...]:
    noticed = f"{signal.noticed_at:%Y-%m-%d}"
    return ("Before", signal.before), ("After", signal.after), ("Noticed", noticed)


def _buttons(signal: DeviceSignal) -> html.Div:
    what = f"{PARTS[signal.part].lower()} noticed on {signal.noticed_at:%Y-%m-%d}"
    choices = (("confirm", "A repair"), ("dismiss", "No repair"))
    return html.Div(
        [
            dmc.Button(
                words,
                id={"type": DECIDE, "signal": str(signal.id), "how": how},
                variant="default",
                size="compact-sm",
                **{"aria-label": f"{words}: {what}"},
            )
            for how, words in choices
        ],
        className="controls",
    )


def _tr(first: Any, cells: Sequence[tuple[str, Any]]) -> html.Tr:
    return row_of(first, cells)


def _table(heads: Sequence[str], rows: Sequence[html.Tr]) -> html.Table:
    return table_of("Parts that were changed", heads, rows, look="devices")
