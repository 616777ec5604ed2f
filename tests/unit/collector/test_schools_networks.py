"""Which subnets may be listed, and what agents are told of them."""

import pytest
from sqlalchemy import Connection

from broadgauge_collector.errors import Conflict, Invalid, NotFound
from broadgauge_collector.schools import networks
from broadgauge_collector.schools.networks import add_network, list_networks, remove_network
from broadgauge_collector.schools.repository import add_school, settings_for
from broadgauge_collector.schools.subnets import caution, check_subnet
from broadgauge_wire import new_id


def subnets(c: Connection) -> list[str]:
    return [network.subnet for network in list_networks(c)]


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("10.20.0.0/16", "10.20.0.0/16"),
        (" 10.20.0.0/16\n", "10.20.0.0/16"),
        ("10.20.0.0/255.255.0.0", "10.20.0.0/16"),
        ("10.20.30.5/32", "10.20.30.5/32"),
        ("10.0.0.0/8", "10.0.0.0/8"),
        ("2001:DB8:20::/48", "2001:db8:20::/48"),
        ("fd12:3456:789a::/48", "fd12:3456:789a::/48"),
    ],
)
def test_a_subnet_is_kept_in_one_way_of_writing_it(written: str, kept: str) -> None:
    assert str(check_subnet(written)) == kept


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("10.20.3.7/16", "the subnet is 10.20.0.0/16"),
        ("2001:db8:20::1/48", "the subnet is 2001:db8:20::/48"),
        ("10.20.3.7", "like 10.20.3.0/24"),
        ("2001:db8::7", "like 2001:db8::/64"),
        ("0.0.0.0/0", "too wide"),
        ("::/0", "too wide"),
        ("8.0.0.0/7", "Write /8 or narrower"),
        ("2001::/16", "Write /32 or narrower"),
        ("127.0.0.0/8", "loopback"),
        ("::1/128", "loopback"),
        ("169.254.0.0/16", "link-local"),
        ("fe80::/64", "link-local"),
        ("224.0.0.0/8", "multicast"),
        ("ff02::/64", "multicast"),
        ("0.0.0.0/8", "reserved"),
        ("250.0.0.0/8", "reserved"),
        ("::ffff:10.20.0.0/112", "no addresses that machines"),
        ("10.20.0.0/33", "no subnet"),
        ("10.20/16", "no subnet"),
        ("all schools", "no subnet"),
        ("fe80::%eth0/64", "no subnet"),
        ("", "no subnet"),
        ("/", "no subnet"),
    ],
)
def test_what_cant_be_a_school_network_is_refused_with_what_to_write(
    written: str, words: str
) -> None:
    with pytest.raises(Invalid, match=words):
        check_subnet(written)


@pytest.mark.parametrize(
    ("written", "who"),
    [
        ("192.168.0.0/16", "home routers"),
        ("192.168.1.0/24", "home routers"),
        ("10.0.0.0/24", "home routers"),
        ("10.0.0.0/8", "home routers"),
        ("172.16.0.0/12", "phone hotspots"),
        ("100.64.0.0/10", "mobile carriers"),
        ("10.20.0.0/16", None),
        ("198.51.100.0/24", None),
        ("2001:db8::/32", None),
    ],
)
def test_addresses_that_homes_have_too_are_warned_of(written: str, who: str | None) -> None:
    said = caution(check_subnet(written))
    assert (said is None) == (who is None)
    assert who is None or who in (said or "")


def test_subnets_are_listed_in_the_order_of_addresses(c: Connection) -> None:
    for subnet in ("2001:db8::/48", "10.100.0.0/16", "10.20.0.0/16"):
        add_network(c, subnet=subnet)
    assert subnets(c) == ["10.20.0.0/16", "10.100.0.0/16", "2001:db8::/48"]


def test_a_subnet_has_a_note_and_its_caution(c: Connection) -> None:
    added = add_network(c, subnet="192.168.40.0/24", note="  Bus garage ")
    assert list_networks(c) == (added,)
    assert added.note == "Bus garage"
    assert added.caution is not None
    with pytest.raises(Invalid, match="note"):
        add_network(c, subnet="10.20.0.0/16", note="a\x1bb")


@pytest.mark.parametrize(
    ("second", "words"),
    [
        ("10.20.0.0/255.255.0.0", "10.20.0.0/16 is listed already"),
        ("10.20.3.0/24", "within 10.20.0.0/16"),
        ("10.0.0.0/8", "broadgauge networks remove 10.20.0.0/16"),
    ],
)
def test_no_two_listed_subnets_share_an_address(c: Connection, second: str, words: str) -> None:
    add_network(c, subnet="2001:db8::/48")
    add_network(c, subnet="10.20.0.0/16")
    with pytest.raises(Conflict, match=words):
        add_network(c, subnet=second)
    assert subnets(c) == ["10.20.0.0/16", "2001:db8::/48"]


def test_a_subnet_is_removed_once(c: Connection) -> None:
    added = add_network(c, subnet="10.20.0.0/16")
    remove_network(c, added.id)
    assert subnets(c) == []
    for unknown in (added.id, new_id()):
        with pytest.raises(NotFound):
            remove_network(c, unknown)


def test_the_list_does_not_grow_for_ever(c: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(networks, "MAX_NETWORKS", 1)
    add_network(c, subnet="10.20.0.0/16")
    with pytest.raises(Invalid, match="Replace several"):
        add_network(c, subnet="10.30.0.0/16")


def test_agents_of_every_school_are_told_the_listed_subnets(c: Connection) -> None:
    add_network(c, subnet="10.30.0.0/16")
    add_network(c, subnet="10.20.0.0/16", note="never said to agents")
    for name in ("Lincoln", "Grant"):
        school = add_school(c, name=name, timezone="America/Chicago")
        assert settings_for(c, school.id).school_networks == ("10.20.0.0/16", "10.30.0.0/16")
