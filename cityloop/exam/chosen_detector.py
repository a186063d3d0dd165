"""Which detector looks at the pictures of an exam's drawn cameras."""

from enum import StrEnum
from importlib.resources import files
from pathlib import Path

from msgspec.structs import replace

from cityloop.errors import ExamError
from simulators.city.city import City

__all__ = ["DetectorChoice", "shipped_model", "with_detector"]

_MODEL = "street-sim-nano.onnx"


class DetectorChoice(StrEnum):
    """What ``--detector`` may say."""

    TRAINED = "trained"
    SCRIPTED = "scripted"
    BACKGROUND = "background"


def shipped_model() -> Path:
    """Return the file of the detector that ships.

    Raises:
        ExamError: this installation has none.
    """
    path = Path(str(files("models") / "zoo" / _MODEL))
    if not path.is_file():
        raise ExamError(
            f"the trained detector {path} is not there; install a release that has it, train one "
            "(cityloop models train), or choose --detector scripted"
        )
    return path


def with_detector(city: City, choice: DetectorChoice | None) -> City:
    """Return a city whose cameras are looked at by one kind of detector.

    Args:
        city: the scenario.
        choice: None leaves each camera what the scenario says.

    Raises:
        ExamError: the trained detector is wanted, and this installation has none.
    """
    if choice is None or not city.cameras:
        return city
    if choice is DetectorChoice.TRAINED:
        shipped_model()
    cameras = tuple(
        replace(camera, detector=replace(camera.detector, kind=choice.value))
        for camera in city.cameras
    )
    return replace(city, cameras=cameras)
