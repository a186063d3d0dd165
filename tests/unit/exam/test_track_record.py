"""What a camera's tracks are worth, class by class."""

from datetime import UTC, datetime

import numpy as np

from cityloop.exam.track_record import TrackRecord
from contracts.envelope import Channel, Place
from contracts.observation import Observation, ObservationKind, Phase
from contracts.tracks import Tracks, TrackState
from simulators.city.city_document import load_city
from simulators.scene.labels import Label
from simulators.scene.street_camera import DrawnFrame

START = datetime(2026, 6, 1, tzinfo=UTC)


def _label(number: int, kind: str, box: tuple[float, float, float, float], visible: float) -> Label:
    return Label(
        id=number, label=kind, box_xyxy=box, east_m=0.0, north_m=20.0, foot_east_m=0.0,
        foot_north_m=20.0, speed_m_s=0.0, heading_deg=0.0, visible=visible,
    )  # fmt: skip


def _track(number: int, label: str, box: tuple[float, float, float, float]) -> TrackState:
    left, top, right, low = box
    shares = (left / 640, top / 360, right / 640, low / 360)
    return TrackState(
        track=number, label=label, confidence=0.9, box_xyxy=shares, foot=(shares[0], shares[3])
    )


def test_tracks_are_judged_class_by_class() -> None:
    """A truck that is called truck_bus is seen; a hidden person is no false track; a car in the sky is."""
    camera = load_city("market-street", 1).cameras[0]
    record = TrackRecord(camera)
    lorry, person, cart = (10.0, 10, 110, 60), (200.0, 100, 220, 150), (300.0, 100, 360, 180)
    labels = [
        _label(1, "truck", lorry, 1.0),
        _label(2, "person", person, 0.1),
        _label(3, "stall", cart, 1.0),
    ]
    record.see(DrawnFrame(0.0, np.zeros((360, 640, 3), np.uint8), labels, []))
    told = Tracks(
        id="t", box="b", boot_id="b", channel=Channel.TRACKS, seq=0, at=START, sent_at=START, camera=camera.id,
        tracks=(
            _track(1, "truck_bus", lorry),
            _track(2, "person", person),
            _track(3, "car", (500.0, 10, 560, 40)),
        ),
    )  # fmt: skip
    classes = {one.name: one for one in record.figures([told], START).classes}

    assert (classes["truck_bus"].shown, classes["truck_bus"].found) == (1, 1)
    assert (classes["person"].shown, classes["person"].told, classes["person"].false) == (0, 1, 0)
    assert (classes["car"].told, classes["car"].false) == (1, 1)
    assert (classes["stall"].shown, classes["stall"].found) == (1, 0)


def _observation(
    number: int, label: str, place: tuple[float, float], *, rev: int = 0
) -> Observation:
    return Observation(
        id=f"o{number}", box="b", boot_id="b", channel=Channel.OBSERVATIONS, seq=number, at=START, sent_at=START,
        observation_id=f"o{number}", rev=rev, phase=Phase.START, kind=ObservationKind.ZONE_PRESENCE,
        camera="stalls", started_at=START, track=number, label=label, place=Place(lon=place[0], lat=place[1]),
    )  # fmt: skip


def test_an_observation_is_false_where_nothing_of_its_class_stands() -> None:
    """A truck at its place is one, 10 m away or called a car it is not; later revisions count once."""
    camera = load_city("market-street", 1).cameras[0]
    record = TrackRecord(camera)
    lorry = _label(1, "truck", (10.0, 10, 110, 60), 1.0)
    record.see(DrawnFrame(0.0, np.zeros((360, 640, 3), np.uint8), [lorry], []))
    here, away = camera.lon_lat(1.0, 21.0), camera.lon_lat(0.0, 30.0)
    told = [
        _observation(1, "truck_bus", here),
        _observation(2, "truck_bus", away),
        _observation(3, "car", here),
        _observation(4, "truck_bus", away, rev=1),
    ]
    (found,) = record.figures(told, START).observations

    assert (found.kind, found.told, found.false) == ("zone_presence", 3, 2)
