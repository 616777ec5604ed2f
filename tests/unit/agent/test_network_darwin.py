"""What macOS says of its interfaces reads right, from outputs that people published."""

from pathlib import Path

import pytest

from broadgauge_agent import _network_darwin
from broadgauge_agent._network_darwin import interfaces_in, link_of
from broadgauge_wire import NetworkLink

RECORDED = Path(__file__).parents[2] / "fixtures/darwin"
Facts = tuple[str, float | None, int | None]


def said(file: str) -> str:
    return (RECORDED / file).read_text()


def facts(name: str, file: str) -> Facts:
    link = link_of(name, name, said(file))
    return link.kind, link.speed_bits_per_second, link.mtu_bytes


@pytest.mark.parametrize(
    ("interface", "expected"),
    [
        ("lo0", ("loopback", None, 16384)),
        ("gif0", ("other", None, 1280)),
        ("en0", ("wifi", None, 1500)),
        ("en1", ("wired", None, 1500)),
        ("en3", ("wired", 1e9, 1500)),
        ("awdl0", ("other", None, 1484)),
        ("bridge0", ("other", None, 1500)),
        ("utun0", ("vpn", None, 2000)),
        ("vboxnet0", ("other", None, 1500)),
        ("fw0", ("other", None, 4078)),
        ("en9", ("other", None, None)),
    ],
)
def test_an_interface_is_what_the_system_says(interface: str, expected: Facts) -> None:
    assert facts(interface, "ifconfig_v_2016.txt") == expected


def test_todays_output_reads_like_that_of_years_ago() -> None:
    assert facts("en0", "ifconfig_v_2025.txt") == ("wifi", None, 1500)


def test_a_mobile_line_is_told_by_the_flag_the_system_sets() -> None:
    assert facts("pdp_ip0", "ifconfig_v_cellular.txt") == ("cellular", None, 1500)
    hotspot = said("ifconfig_v_2025.txt").replace("TXSTART,", "TXSTART,EXPENSIVE,")
    assert link_of("en0", "en0", hotspot).kind == "cellular"


def test_a_modem_that_the_system_takes_for_ethernet_is_wired_here_too() -> None:
    assert facts("en6", "ifconfig_v_lte_stick.txt") == ("wired", 1e8, 1500)


def test_the_speed_is_in_the_medium_s_name() -> None:
    whole = said("ifconfig_v_2016.txt")
    speeds = [
        link_of("en3", "en3", whole.replace("media: autoselect (1000baseT <full-duplex>)", media))
        for media in said("ifconfig_media.txt").splitlines()
    ]
    assert [link.speed_bits_per_second for link in speeds] == [1e10, 1e9, 1e8, None, None]


def test_every_recorded_interface_is_found_once() -> None:
    names = [one.name for one in interfaces_in(said("ifconfig_v_2016.txt"))]
    ours, theirs = ["en0", "en1", "en3"], ["awdl0", "bridge0", "fw0", "gif0", "lo0"]
    assert sorted(names) == sorted([*ours, *theirs, "utun0", "vboxnet0"])


@pytest.mark.parametrize("words", ["", "\n\n", "ifconfig: interface en9 does not exist", "\0\xff:"])
def test_anything_else_tells_nothing(words: str) -> None:
    assert link_of("en0", "en0", words) == NetworkLink(name="en0")


def test_without_the_tool_nothing_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_network_darwin, "IFCONFIG", ("/no/such/tool",))
    _network_darwin._asked.cache_clear()
    assert _network_darwin.describe_interface("en0", "en0") == NetworkLink(name="en0")


def test_one_answer_serves_every_interface(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    tool, asked = tmp_path / "ifconfig", tmp_path / "asked"
    tool.write_text(f"#!/bin/sh\necho >> {asked}\ncat {RECORDED / 'ifconfig_v_2016.txt'}\n")
    tool.chmod(0o755)
    monkeypatch.setattr(_network_darwin, "IFCONFIG", (str(tool),))
    monkeypatch.setattr(_network_darwin, "FRESH_SECONDS", 10**9)
    _network_darwin._asked.cache_clear()
    kinds = [_network_darwin.describe_interface(name, name).kind for name in ("en0", "en3", "lo0")]
    assert kinds == ["wifi", "wired", "loopback"]
    assert asked.read_text() == "\n"
