"""Which classes a camera needs of one of its networks, so that another may take its place."""

from edge.camera_config import CameraConfig, OnnxConfig
from edge.model_store.installers import Seat

__all__ = ["classes_needed"]


def classes_needed(camera: CameraConfig, seat: Seat) -> set[str]:
    """Return the classes, as the network calls them, that a camera names and that are this network's.

    Args:
        camera: the camera as it runs now.
        seat: the place of one of its networks.
    """
    named = {name for zone in camera.zones for name in zone.classes}
    named |= {name for line in camera.lines for name in line.classes}
    if seat.further:
        prefix = next(one.prefix for one in camera.further_models if one.id == seat.further)
        own = {name.removeprefix(prefix) for name in named if name.startswith(prefix)}
        return set(seat.own.classes) | (own & set(seat.detector.names))
    if camera.further_models:
        # what it does not know is a further network's
        named &= set(seat.detector.names)
    chosen = camera.detector.classes if isinstance(camera.detector, OnnxConfig) else ()
    return named | set(chosen)
