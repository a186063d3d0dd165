"""What the installer drew becomes a configuration, or he is told why not."""

from pathlib import Path

import pytest

from contracts.coordinates import wgs84_to_gcj02
from edge.errors import SetupRefused
from edge.setup_page.draft import CameraDraft, PairDraft, camera_data, pairs_data
from edge.setup_page.source_address import TypedSource, parse_typed

SOURCE = {"file": "a.mp4"}
DETECTOR = {"kind": "background"}


def test_what_the_page_does_not_know_stays() -> None:
    """Fields of the camera that were written by hand survive the page."""
    before = {"id": "c-1", "fps": 5, "lines": [{"id": "old"}], "detector": {"kind": "onnx"}}
    draft = CameraDraft(id="c-1", detector=DETECTOR)
    data = camera_data(draft, SOURCE, before)

    assert data == {"id": "c-1", "source": SOURCE, "detector": DETECTOR, "fps": 5}


def test_places_on_chinese_maps_are_brought_to_wgs84() -> None:
    """GCJ-02 of a map and WGS 84 of a receiver give the same pair."""
    lon, lat = wgs84_to_gcj02(114.05, 22.54)
    pair = PairDraft(image=(0.5, 0.5), lon=lon, lat=lat)
    (found,) = pairs_data(CameraDraft(id="c", detector=DETECTOR, pairs=(pair,), datum="gcj02"))

    assert found["lon"] == pytest.approx(114.05, abs=2e-6)
    assert found["lat"] == pytest.approx(22.54, abs=2e-6)


def test_metres_are_counted_from_the_cameras_place() -> None:
    """A tape measure serves as well as a map: 111 m north is a thousandth of a degree."""
    pair = PairDraft(image=(0.5, 0.5), east_m=0.0, north_m=111.195)
    (found,) = pairs_data(
        CameraDraft(id="c", detector=DETECTOR, pairs=(pair,), place=(114.0, 22.0))
    )

    assert found["lon"] == pytest.approx(114.0)
    assert found["lat"] == pytest.approx(22.001, abs=1e-6)


@pytest.mark.parametrize(
    ("draft", "expected"),
    [
        ({"pairs": (PairDraft(image=(0, 0)),)}, "point 1 has no place"),
        ({"pairs": (PairDraft(image=(0, 0), east_m=1.0, north_m=1.0),)}, "where the camera stands"),
        ({"pairs": (PairDraft(image=(0, 0), lon=1.0, lat=1.0),), "datum": "x"}, "wgs84 or gcj02"),
    ],
    ids=["no place", "metres from nowhere", "unknown datum"],
)
def test_a_point_without_a_place_is_named(draft: dict[str, object], expected: str) -> None:
    """The installer is told which point lacks what."""
    with pytest.raises(SetupRefused, match=expected):
        pairs_data(CameraDraft(id="c", detector=DETECTOR, **draft))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("a.mp4", TypedSource(address="a.mp4")),
        ("rtsp://h/s", TypedSource(address="rtsp://h/s")),
        (
            "rtsp://u:p%40x@h:554/s?a=1",
            TypedSource(address="rtsp://h:554/s?a=1", username="u", password="p@x"),
        ),
        ("rtsps://u@h/s", TypedSource(address="rtsps://h/s", username="u")),
        ("rtsp://u:a/b@c@h/s", TypedSource(address="rtsp://h/s", username="u", password="a/b@c")),
    ],
    ids=["file", "bare", "encoded", "no password", "raw slash and at"],
)
def test_credentials_are_taken_out_of_the_address(typed: str, expected: TypedSource) -> None:
    """What is written into the configuration holds no password."""
    found = parse_typed(typed)

    assert found == expected
    assert found.password is None or found.password not in found.address


@pytest.mark.parametrize(
    ("typed", "section"),
    [
        ("/dev/video0", {"device": "/dev/video0"}),
        (
            "/dev/v4l/by-id/usb-Cam-video-index0",
            {"device": "/dev/v4l/by-id/usb-Cam-video-index0"},
        ),
        ("v4l2:///dev/video2", {"device": "/dev/video2"}),
        (
            "v4l2:///dev/video2?size=1280x720&rate=30&format=mjpeg",
            {
                "device": "/dev/video2",
                "device_size": [1280, 720],
                "device_fps": 30.0,
                "device_format": "mjpeg",
            },
        ),
    ],
    ids=["number", "lasting name", "url", "with a wish"],
)
def test_a_usb_camera_is_a_device(typed: str, section: dict[str, object]) -> None:
    """Its section names the device and what it is asked for."""
    assert parse_typed(typed).section("c.password", Path("/srv")) == section


@pytest.mark.parametrize(
    "typed",
    ["v4l2:///dev/video0?size=large", "v4l2:///dev/video0?720p", "v4l2:///dev/video0?rate=x"],
)
def test_a_wish_that_is_none_is_refused(typed: str) -> None:
    """The installer is told what one looks like."""
    with pytest.raises(SetupRefused, match="size=1280x720"):
        parse_typed(typed)


@pytest.mark.parametrize("typed", ["http://h/s", "gb28181://h", "rtsp://", "rtsp:///s"])
def test_an_address_that_no_camera_has_is_refused(typed: str) -> None:
    """The installer is told what an address looks like."""
    with pytest.raises(SetupRefused, match="expected rtsp"):
        parse_typed(typed)
