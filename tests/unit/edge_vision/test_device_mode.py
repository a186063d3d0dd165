"""Which of a USB camera's modes is taken."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.cameras.device_mode import (
    DeviceWish,
    Mode,
    TakenMode,
    choose_mode,
    parse_wish,
    told_modes,
    wish_query,
)

MODES = (
    Mode("yuyv422", 640, 480, (30.0, 15.0, 5.0)),
    Mode("yuyv422", 1280, 720, (10.0, 5.0)),
    Mode("mjpeg", 640, 480, (60.0, 30.0)),
    Mode("mjpeg", 1280, 720, (60.0, 29.97, 10.0)),
    Mode("mjpeg", 1920, 1080, (60.0, 50.0)),
)
"""As the two tables of most USB 2 cameras: what is not compressed is slow where it is large."""


@pytest.mark.parametrize(
    ("wish", "taken"),
    [
        (DeviceWish(), TakenMode("yuyv422", 640, 480, 30.0)),
        (DeviceWish(size=(1280, 720)), TakenMode("mjpeg", 1280, 720, 29.97)),
        (DeviceWish(size=(1280, 720), rate_hz=10.0), TakenMode("yuyv422", 1280, 720, 10.0)),
        (DeviceWish(size=(1280, 720), rate_hz=30.0), TakenMode("mjpeg", 1280, 720, 29.97)),
        (DeviceWish(size=(1280, 720), format="yuyv422"), TakenMode("yuyv422", 1280, 720, 10.0)),
        (DeviceWish(size=(1920, 1080)), TakenMode("mjpeg", 1920, 1080, 50.0)),
        (DeviceWish(rate_hz=60.0), TakenMode("mjpeg", 640, 480, 60.0)),
        (DeviceWish(format="mjpeg"), TakenMode("mjpeg", 640, 480, 30.0)),
        (DeviceWish(size=(800, 600)), None),
        (DeviceWish(size=(640, 480), rate_hz=25.0), None),
        (DeviceWish(format="nv12"), None),
    ],
    ids=[
        "nothing asked for: as it stands, uncompressed",
        "large: only MJPEG is fast",
        "large and slow",
        "30 is 29.97",
        "a format that is slow",
        "nothing below 30",
        "more than 30 when it is asked for",
        "a format alone",
        "no such size",
        "no such rate",
        "no such format",
    ],
)
def test_the_mode_serves_what_is_asked_for(wish: DeviceWish, taken: TakenMode | None) -> None:
    """The rate goes first, up to 30 frames/s; among equals what need not be decoded."""
    assert choose_mode(MODES, wish, (640, 480)) == taken


def test_a_device_that_lists_no_rates_may_take_any() -> None:
    """Then the rate that is asked for is handed on."""
    modes = (Mode("nv12", 640, 480, ()),)

    assert choose_mode(modes, DeviceWish(rate_hz=12.0), (640, 480)) == ("nv12", 640, 480, 12.0)
    assert choose_mode(modes, DeviceWish(), (640, 480)) == ("nv12", 640, 480, None)


@given(
    st.none() | st.tuples(st.integers(1, 9999), st.integers(1, 9999)),
    st.none() | st.integers(1, 240).map(float) | st.just(12.5),
    st.none() | st.sampled_from(["mjpeg", "yuyv422"]),
)
def test_a_wish_survives_its_address(
    size: tuple[int, int] | None, rate_hz: float | None, form: str | None
) -> None:
    """What is written behind a device's name is read again."""
    wish = DeviceWish(size, rate_hz, form)

    assert parse_wish(wish_query(wish).removeprefix("?")) == wish


@pytest.mark.parametrize("query", ["size=1280", "size=axb", "rate=fast", "size"])
def test_what_is_no_wish_is_refused(query: str) -> None:
    """A size without a height, words for numbers, a name without a value."""
    with pytest.raises(ValueError, match=r".+"):
        parse_wish(query)


@pytest.mark.parametrize(
    ("size", "form", "told"),
    [
        ((640, 480), None, "yuyv422 640x480 at 30/15/5, mjpeg 640x480 at 60/30"),
        ((1280, 720), "yuyv422", "yuyv422 1280x720 at 10/5"),
        ((800, 600), None, "640x480, 1280x720, 1920x1080 as yuyv422, mjpeg"),
        ((640, 480), "nv12", "640x480, 1280x720, 1920x1080 as yuyv422, mjpeg"),
    ],
    ids=["a rate it lacks", "a rate that format lacks", "a size it lacks", "a format it lacks"],
)
def test_modes_are_told_as_far_as_they_help(
    size: tuple[int, int], form: str | None, told: str
) -> None:
    """Rates where the size is right, else sizes and formats; never a page of them."""
    assert told == told_modes(MODES, size, form)
