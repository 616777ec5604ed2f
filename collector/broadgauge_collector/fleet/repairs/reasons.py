"""Why a ticket or a device isn't counted, each in a sentence."""

from typing import Final

LEFT_OUT: Final = {
    "cancelled": "The ticket was cancelled, or is another one's duplicate",
    "other_kind": "Its kind is no repair by the rule, such as an upgrade or a PAT test",
    "other_category": "Its category is no repair by the rule, such as a request",
    "no_category": "Nothing says that it is a repair: it has no category, and no kind that is one",
    "no_day": "Nobody says when it was opened",
    "in_future": "It was opened after today",
    "before_bought": "It was opened before its device was bought",
    "told_twice": "Another ticket tells of the same repair",
}
"""Tickets that are no repair and no loss."""

OUTSIDE: Final = {
    "no_device": "No device is known by what the ticket says",
    "device_left_out": "Its device is in no rate",
    "before_feed": "It was opened before the school's feed of repairs began, or on its first day "
    "where that day is known by this ticket alone",
    "after_feed": "It was opened after the school's feed of repairs ended",
    "before_service": "It was opened before the device came into service",
    "out_of_service": "It was opened after the device was retired, stored, lent out or gone",
}
"""Repairs, and losses, that happened where nobody would have known of all of them."""

INCOMPLETE: Final = {
    "closed_before_opened": "It was closed before it was opened: how long it took isn't known",
    "negative_cost": "An amount is below nothing, or more than a repair can cost: it isn't used",
    "other_currency": "Its amounts aren't in the district's currency: they aren't added to others",
    "parts_without_cost": "Parts were used, and the cost of some isn't known",
    "several_of_a_part": "Several of a part were used: its cost was taken to be that of all",
}
"""Repairs of which a figure couldn't be used."""

DEVICES: Final = {
    "byod": "It is somebody's own",
    "no_school": "Nobody says at which school it is",
    "no_feed": "Its school has no feed of repairs",
    "no_beginning": "Nobody says when it was bought, enrolled or made",
    "begins_in_future": "It was bought or enrolled after today",
    "ended_before_bought": "It was retired before it was bought",
    "no_end": "It is retired, stored, lent out, lost or stolen, and nobody says since when",
}
"""Devices that are in no rate."""
