"""Which tickets are repairs: the district's own rule, each clause with its reason."""

import re
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct
from sqlalchemy import Connection

from broadgauge_wire.fields import Explanation, Text, about

from ...errors import Invalid
from ...imports.amounts import CODES
from ...imports.model import TicketCategory
from .settings import read_setting, write_setting

KEY: Final = "repair-rule"
BY_HAND: Final = "by hand"
"""The source of repairs that people here typed in."""

LOSSES: Final[frozenset[str]] = frozenset(("loss", "theft"))
SAME_WITHIN_AT_MOST = 90

Verdict = Literal[
    "repair", "loss", "cancelled", "other_kind", "other_category", "no_category"
]  # fmt: skip
Word = Annotated[Text, Meta(min_length=1)]
Because = Annotated[Explanation, about("Why this clause is so")]


class Words(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Words, whatever their case."""

    these: Annotated[Annotated[tuple[Word, ...], Meta(max_length=100)], about("The words")]
    because: Because


class Categories(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Categories of tickets."""

    these: Annotated[tuple[TicketCategory, ...], about("The categories; never loss or theft")]
    because: Because


class YesOrNo(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A clause that holds or doesn't."""

    yes: Annotated[bool, about("Whether it holds")]
    because: Because


class Within(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A number of days."""

    days: Annotated[
        int | None, about("Days; 0: on the same day; null: each is one by itself", "day")
    ]
    because: Because


class Money(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A currency."""

    code: Annotated[str, about("ISO 4217, such as USD")]
    because: Because


class RepairRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which tickets are repairs. A ticket's category decides if it has one, else its kind, else
    its source."""

    cancelled: Annotated[Words, about("Statuses with one of these words: the ticket doesn't count")]
    other_kinds: Annotated[Words, about("Kinds that are no repair, whatever their category")]
    hardware_support: Annotated[
        YesOrNo, about("Whether Snipe-IT's kind Hardware Support is a repair")
    ]
    categories: Annotated[Categories, about("Categories that are repairs")]
    repair_kinds: Annotated[Words, about("Kinds that are repairs where there is no category")]
    repair_lists: Annotated[
        Words, about("Sources of which every ticket is a repair if nothing says otherwise")
    ]
    same_within: Annotated[
        Within,
        about("Tickets of one device and category, opened so soon after the first, are one repair"),
    ]
    currency: Annotated[Money, about("The district's currency: other amounts are never added")]


DEFAULT: Final = RepairRule(
    cancelled=Words(
        these=(
            "cancelled", "canceled", "duplicate", "void", "voided", "withdrawn", "rejected",
            "merged", "no fault found",
        ),
        because="Nothing was repaired, or another ticket tells of it.",
    ),
    other_kinds=Words(
        these=(
            "Maintenance", "Upgrade", "PAT test", "Calibration", "Software Support",
            "Configuration Change",
        ),
        because="Snipe-IT's kinds of work that was planned: nothing had broken.",
    ),
    hardware_support=YesOrNo(
        yes=False,
        because="It may be a repair, or a question about a cable. If your technicians use it for "
        "repairs, say yes.",
    ),
    categories=Categories(
        these=("failure", "accident"),
        because="What broke by itself and what was broken. Requests and maintenance are work, "
        "not repairs; loss and theft are counted apart.",
    ),
    repair_kinds=Words(these=("Repair",), because="Snipe-IT's kind for it says no more."),
    repair_lists=Words(
        these=("tickets", BY_HAND),
        because="A list of repairs that you keep holds repairs; a help desk holds anything.",
    ),
    same_within=Within(
        days=0, because="Two systems, or two people, often tell of one repair on the same day."
    ),
    currency=Money(code="USD", because="Amounts in dollars and in pesos have no sum."),
)  # fmt: skip
"""A beginning."""


def judged(
    rule: RepairRule, *, source: str, kind: str | None, category: str | None, status: str | None
) -> Verdict:
    """What a ticket is by the rule: a repair, a loss, or why it is neither."""
    if _has_word(status, rule.cancelled.these):
        return "cancelled"
    if category in LOSSES:
        return "loss"
    if _is_one_of(kind, (*rule.other_kinds.these, *_unless_repairs(rule))):
        return "other_kind"
    if category is not None:
        return "repair" if category in rule.categories.these else "other_category"
    kinds = (*rule.repair_kinds.these, *_if_repairs(rule))
    known = _is_one_of(kind, kinds) or _is_one_of(source, rule.repair_lists.these)
    return "repair" if known else "no_category"


def repair_rule(c: Connection) -> RepairRule:
    """The district's rule, or the usual one."""
    return read_setting(c, KEY, DEFAULT)


def set_repair_rule(c: Connection, given: RepairRule) -> RepairRule:
    """Change the rule. Invalid for what can't be one."""
    if LOSSES & set(given.categories.these):
        raise Invalid(
            "Loss and theft are counted apart and can't be repairs: leave them out of the "
            "categories."
        )
    if not 0 <= (given.same_within.days or 0) <= SAME_WITHIN_AT_MOST:
        raise Invalid(
            f"'same_within' is a number of days from 0 to {SAME_WITHIN_AT_MOST}, or null where "
            "each ticket is a repair by itself."
        )
    check_currency(given.currency.code)
    _check_words(given)
    return write_setting(c, KEY, given)


def _check_words(given: RepairRule) -> None:
    clauses = (given.cancelled, given.other_kinds, given.repair_kinds, given.repair_lists)
    if not all(_plain(word) for clause in clauses for word in clause.these):
        raise Invalid("Each word of the rule needs a letter or a figure: leave out those without.")
    kinds = (*given.repair_kinds.these, *_if_repairs(given), *given.repair_lists.these)
    if not (given.categories.these or kinds):
        raise Invalid(
            "By this rule no ticket is a repair: name a category, a kind or a list that is one."
        )


def check_currency(code: str) -> None:
    """Invalid for what is no currency's code."""
    if code not in CODES:
        raise Invalid("The currency is a code of three letters, such as USD or EUR.")


HARDWARE_SUPPORT = ("Hardware Support",)


def _if_repairs(rule: RepairRule) -> tuple[str, ...]:
    return HARDWARE_SUPPORT if rule.hardware_support.yes else ()


def _unless_repairs(rule: RepairRule) -> tuple[str, ...]:
    return () if rule.hardware_support.yes else HARDWARE_SUPPORT


def _plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))


def _is_one_of(text: str | None, words: tuple[str, ...]) -> bool:
    return text is not None and _plain(text) in map(_plain, words)


def _has_word(text: str | None, words: tuple[str, ...]) -> bool:
    padded = f" {_plain(text or '')} "
    return any(f" {plain} " in padded for plain in map(_plain, words) if plain)
