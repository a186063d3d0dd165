"""What the shipped detector looks for: nine classes, and which drawn bodies belong to each."""

from simulators.scene.body_kinds import BODIES

__all__ = ["DETECTED_CLASSES", "class_of"]

DETECTED_CLASSES: tuple[str, ...] = (
    "person",
    "car",
    "truck_bus",
    "two_wheeler",
    "stall",
    "overflowing_bin",
    "ponding",
    "smoke",
    "falling_object",
)
"""Names in the order of their numbers."""


def class_of(kind: str) -> str | None:
    """Return the class of a kind of body; None: it is drawn, but nothing to be found.

    Raises:
        KeyError: there is no such kind.
    """
    return BODIES[kind].detected
