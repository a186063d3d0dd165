"""Which detector looks at drawn cameras, and what zones ask it for."""

from pathlib import Path

from cityloop.exam.camera_stand import CameraStand
from cityloop.exam.chosen_detector import DetectorChoice, shipped_model, with_detector
from simulators.city.city_document import load_city


def test_the_trained_detector_ships() -> None:
    """The model is in the package, small enough for a box."""
    size = shipped_model().stat().st_size

    assert 100_000 < size < 6_000_000


def test_a_choice_holds_for_every_camera() -> None:
    """Three cameras of the market, all looked at by the trained detector; without a choice nothing changes."""
    city = load_city("market-street", 1)

    assert with_detector(city, None) is city
    assert {one.detector.kind for one in with_detector(city, DetectorChoice.TRAINED).cameras} == {
        "trained"
    }


def test_zones_ask_for_what_the_detector_knows() -> None:
    """Trucks and buses are one class of the trained detector; the script knows them apart."""
    city = load_city("market-street", 1)
    asked = {}
    for choice in (DetectorChoice.TRAINED, DetectorChoice.SCRIPTED, DetectorChoice.BACKGROUND):
        edge = CameraStand(with_detector(city, choice), 10.0).edge(Path())
        kerb = next(one for one in edge.cameras if one.id == "kerb")
        asked[choice] = kerb.zones[0].classes

    assert asked == {
        DetectorChoice.TRAINED: ("car", "truck_bus"),
        DetectorChoice.SCRIPTED: ("car", "truck", "bus"),
        DetectorChoice.BACKGROUND: (),
    }
