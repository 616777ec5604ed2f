"""Whether a room carries a full class, by figures worked by hand."""

from msgspec.structs import replace

from broadgauge_collector.fleet.room_surveys.judge import circuit_watts, judge_room
from broadgauge_collector.fleet.room_surveys.model import RoomFigures, RoomJudgement
from broadgauge_collector.fleet.room_surveys.rules import RoomRules

RULES = RoomRules()
WIRED = RoomFigures(
    seats=25,
    outlets=27,
    circuits=2,
    circuit_amperes=20,
    carts=0,
    cart_slots=0,
    network_drops=2,
    access_points=1,
)


def judged(rules: RoomRules = RULES, **changed: float | None) -> RoomJudgement:
    return judge_room(replace(WIRED, **changed), rules)


def test_a_circuit_of_20_amperes_carries_1920_watts_for_hours() -> None:
    assert circuit_watts(WIRED, RULES) == 1920


def test_a_room_with_a_socket_for_each_seat_and_power_for_it_is_enough() -> None:
    found = judged()  # 27 - 2 sockets; 2 x 1,920 - 400 = 3,440 W: 52 chargers of 65 W, 76 of 45 W
    assert (found.places_low, found.places_high) == (25, 25)
    assert (found.powered_low, found.powered_high) == (52, 76)
    assert (found.charge_low, found.charge_high) == (25, 25)
    assert (found.power, found.missing_places, found.missing_circuits) == ("enough", 0, 0)
    assert found.unknown == ()


def test_a_room_with_six_outlets_leaves_the_others_without_a_place() -> None:
    found = judged(outlets=6)
    assert (found.power, found.charge_high, found.missing_places) == ("short", 4, 21)
    assert found.missing_circuits == 0


def test_a_cart_takes_a_socket_and_its_slots_seat_the_others() -> None:
    found = judged(outlets=6, carts=1, cart_slots=30)  # 6 - 2 - 1 + 30
    assert (found.places_low, found.places_high, found.power) == (33, 33, "enough")


def test_one_circuit_is_enough_or_not_by_what_the_chargers_draw() -> None:
    found = judged(circuits=1)  # 1,920 - 400 = 1,520 W: 23 chargers of 65 W, 33 of 45 W
    assert (found.charge_low, found.charge_high, found.power) == (23, 25, "open")
    assert found.missing_circuits == 1  # 25 x 65 + 400 = 2,025 W
    assert found.unknown == ()
    assert judged(replace(RULES, charger_watts_high=45.0), circuits=1).power == "enough"
    assert judged(replace(RULES, charger_watts_low=65.0), circuits=1).power == "short"


def test_one_circuit_of_15_amperes_surely_cannot_charge_25_laptops_at_once() -> None:
    found = judged(circuits=1, circuit_amperes=15)  # 1,440 - 400 = 1,040 W: 16 to 23 chargers
    assert (found.charge_low, found.charge_high, found.power) == (16, 23, "short")
    assert found.missing_circuits == 1  # 2,025 W over 1,440 W are two circuits
    assert found.missing_places == 0


def test_what_nobody_counted_leaves_it_open_and_is_named() -> None:
    assert judge_room(RoomFigures(), RULES).power == "open"
    assert judged(circuits=None).power == "open"
    assert judged(circuits=None).unknown == ("circuits",)
    assert judged(outlets=None, cart_slots=None, carts=None).unknown == ("outlets", "cart_slots")
    nobody = judged(seats=None)
    assert (nobody.power, nobody.network, nobody.unknown) == ("open", "open", ("seats",))
    assert (nobody.missing_places, nobody.missing_circuits, nobody.missing_online) == (None,) * 3


def test_carts_that_nobody_counted_may_save_a_room_and_a_known_want_of_power_may_not() -> None:
    unsaid = judged(outlets=6, carts=None, cart_slots=None)
    assert (unsaid.power, unsaid.places_low, unsaid.places_high) == ("open", 4, None)
    assert unsaid.missing_places is None
    weak = judged(outlets=6, carts=None, cart_slots=None, circuits=1, circuit_amperes=15)
    assert (weak.power, weak.unknown) == ("short", ())


def test_slots_of_an_unknown_number_of_carts_may_be_of_one_or_of_many() -> None:
    found = judged(outlets=12, carts=None, cart_slots=4)  # 10 sockets less 1 to 4, and 4 slots
    assert (found.places_low, found.places_high) == (10, 13)


def test_no_circuit_powers_nobody() -> None:
    found = judged(circuits=0, circuit_amperes=None, outlets=0)
    assert (found.charge_high, found.power) == (0, "short")


def test_sockets_and_access_points_put_seats_on_the_network() -> None:
    found = judged()  # the access point takes one of two drops, and carries 30
    assert (found.online_low, found.network, found.seats_without_drop) == (31, "enough", 24)
    wired = judged(access_points=0, network_drops=4)
    assert (wired.network, wired.missing_online, wired.seats_without_drop) == ("short", 21, 21)
    unknown = judged(access_points=None, network_drops=4)
    assert (unknown.network, unknown.missing_online) == ("open", None)
    assert unknown.unknown == ("access_points",)
    assert judged(access_points=None, network_drops=25).network == "enough"


def test_an_empty_room_needs_nothing() -> None:
    found = judge_room(RoomFigures(seats=0), RULES)
    assert (found.power, found.network, found.unknown) == ("enough", "enough", ())
