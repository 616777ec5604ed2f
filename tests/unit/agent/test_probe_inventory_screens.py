"""The built-in screen's size and pixels are told as its panel tells them, and a monitor's never."""

from pathlib import Path

import pytest

from broadgauge_agent.probes.inventory import _darwin_screen, _windows_screen
from broadgauge_agent.probes.inventory._linux_screen import read_screen, screen_in
from broadgauge_agent.probes.inventory.facts import Screen

MACHINES = Path(__file__).parent / "machines"
PANEL = """
00ffffffffffff0006af9bfa00000000 001f0104a51e137803aeac9358599128 1d505400000001010101010101010101
010101010101fa3c80b870b024401010 3e002dbc100000180000000f00000000 00000000000000000020000000fe0041
554f0a202020202020202020000000fe 004231343055414e30332e32200a00dc
"""
OLD_PANEL = """
00ffffffffffff0006af742100000000 010f0103802115780a1cf59758508e27 27505400000001010101010101010101
010101010101c71b00a0502017303020 36004bcf100000180000000f00000000 00000000000000000020000000fe0041
554f0a202020202020202020000000fe 004231353445573032205631200a00aa
"""
"""As people published them: AUO's B140UAN03.2 (14 inches) and B154EW02 V1 (15.4 inches)."""

SIZE_CM, TIMING = 21, 54
SIZE_MM = TIMING + 12


def mended(edid: bytearray) -> bytes:
    """With the checksum that its other bytes ask for."""
    edid[127] = -sum(edid[:127]) % 256
    return bytes(edid)


def with_size(cm: tuple[int, int], mm: tuple[int, int]) -> bytes:
    edid = bytearray.fromhex(PANEL)
    edid[SIZE_CM : SIZE_CM + 2] = bytes(cm)
    edid[SIZE_MM : SIZE_MM + 3] = bytes(
        (mm[0] & 0xFF, mm[1] & 0xFF, (mm[0] >> 8) << 4 | mm[1] >> 8)
    )
    return mended(edid)


@pytest.mark.parametrize(
    ("edid", "told"), [(PANEL, (14.0, 1920, 1200)), (OLD_PANEL, (15.4, 1280, 800))]
)
def test_a_panel_tells_its_diagonal_and_its_pixels(edid: str, told: tuple[float, int, int]) -> None:
    screen = screen_in(bytes.fromhex(edid))
    assert (screen.inches, screen.width_pixels, screen.height_pixels) == told


@pytest.mark.parametrize(
    ("cm", "mm", "inches"),
    [
        ((31, 17), (309, 174), 14.0),
        ((31, 17), (0, 0), 13.9),
        ((0, 0), (309, 174), 14.0),
        ((0, 0), (0, 0), None),
        ((16, 9), (160, 90), None),
        ((0, 79), (0, 0), None),
        ((31, 17), (160, 90), 13.9),
        ((31, 17), (30, 17), 13.9),
    ],
)
def test_an_aspect_ratio_in_the_size_s_place_is_no_size(
    cm: tuple[int, int], mm: tuple[int, int], inches: float | None
) -> None:
    assert screen_in(with_size(cm, mm)).inches == inches


def test_a_damaged_or_foreign_answer_is_no_screen() -> None:
    whole = bytes.fromhex(PANEL)
    damaged = whole[:30] + bytes([whole[30] ^ 1]) + whole[31:]
    for said in (b"", whole[:127], damaged, b"\0" * 128, b"\xff" * 128):
        assert screen_in(said) == Screen()


def test_a_text_in_the_first_timing_s_place_has_no_pixels() -> None:
    edid = bytearray.fromhex(PANEL)
    edid[TIMING : TIMING + 2] = b"\0\0"
    assert screen_in(mended(edid)) == Screen(inches=14.0)


def connector(root: Path, name: str, status: str = "connected", edid: str | None = PANEL) -> None:
    folder = root / "sys/class/drm" / name
    folder.mkdir(parents=True)
    (folder / "status").write_text(status + "\n")
    if edid:
        (folder / "edid").write_bytes(bytes.fromhex(edid))


@pytest.mark.parametrize("name", ["card0-eDP-1", "card1-LVDS-1", "card0-DSI-1"])
def test_what_is_built_in_is_told_by_its_connector(tmp_path: Path, name: str) -> None:
    connector(tmp_path, name)
    assert read_screen(tmp_path).inches == 14.0


@pytest.mark.parametrize("name", ["card0-HDMI-A-1", "card0-DP-1", "card0-VGA-1", "card0-DVI-D-1"])
def test_a_monitor_is_none_of_the_machine_s_own(tmp_path: Path, name: str) -> None:
    connector(tmp_path, name)
    assert read_screen(tmp_path) == Screen()


def test_a_panel_that_is_not_there_is_not_told(tmp_path: Path) -> None:
    connector(tmp_path, "card0-LVDS-1", "disconnected")
    assert read_screen(tmp_path) == Screen()


def test_a_panel_without_an_edid_tells_its_pixels_alone(tmp_path: Path) -> None:
    connector(tmp_path, "card0-DSI-1", edid=None)
    (tmp_path / "sys/class/drm/card0-DSI-1/modes").write_text("1200x1920\n800x600\n")
    assert read_screen(tmp_path) == Screen(width_pixels=1200, height_pixels=1920)


def test_a_recorded_laptop_has_its_own_panel_s_size_with_a_monitor_beside_it() -> None:
    assert read_screen(MACHINES / "dell_laptop").inches == 14.0


INSIDE, BESIDE = "DISPLAY\\AUO323D\\4&1&0&UID8388688_0", "DISPLAY\\DEL4082\\5&1&0&UID4352_0"


def windows(technology: object, width: int = 31, height: int = 17) -> Screen:
    size = {"MaxHorizontalImageSize": width, "MaxVerticalImageSize": height}
    return _windows_screen.read_screen(
        {
            "screens": [
                {"InstanceName": BESIDE, "MaxHorizontalImageSize": 60, "MaxVerticalImageSize": 34},
                {"InstanceName": INSIDE} | size,
            ],
            "screen_links": [
                {"InstanceName": BESIDE, "VideoOutputTechnology": 10},
                {"InstanceName": INSIDE, "VideoOutputTechnology": technology},
            ],
            "screen_modes": [{"InstanceName": INSIDE, "Width": 1920, "Height": 1080}],
        }
    )


@pytest.mark.parametrize("technology", [2147483648, -2147483648, 11, 6])
def test_windows_tells_the_built_in_screen_in_centimetres(technology: int) -> None:
    assert windows(technology) == Screen(inches=13.9, width_pixels=1920, height_pixels=1080)


@pytest.mark.parametrize("technology", [5, 0, -1, None, "HDMI", [11]])
def test_windows_monitors_are_none_of_the_machine_s_own(technology: object) -> None:
    assert windows(technology) == Screen()


def test_a_size_that_windows_does_not_know_is_unknown_and_not_nothing() -> None:
    assert windows(11, 0, 0).inches is None


def mac(**said: str) -> Screen:
    monitor = {
        "_spdisplays_pixels": "6720 x 3780",
        "spdisplays_pixelresolution": "spdisplays_3840x2160",
    }
    card = {"_name": "Apple M1", "spdisplays_ndrvs": [monitor, said]}
    return _darwin_screen.screen_in([{"_name": "no screen on this one"}, card])


def test_a_mac_tells_its_panel_s_pixels_and_not_those_that_somebody_chose() -> None:
    screen = mac(
        spdisplays_connection_type="spdisplays_internal",
        _spdisplays_pixels="3360 x 2100",
        spdisplays_pixelresolution="spdisplays_2560x1600Retina",
    )
    assert screen == Screen(inches=None, width_pixels=2560, height_pixels=1600)


def test_a_mac_s_screen_of_a_usual_size_is_told_by_what_is_drawn() -> None:
    screen = mac(
        spdisplays_connection_type="spdisplays_internal",
        _spdisplays_pixels="1920 x 1080",
        spdisplays_pixelresolution="spdisplays_1080p",
    )
    assert (screen.width_pixels, screen.height_pixels) == (1920, 1080)


def test_a_mac_with_a_monitor_alone_has_no_screen_of_its_own() -> None:
    assert mac(_spdisplays_pixels="1920 x 1080") == Screen()
