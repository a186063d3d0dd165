"""What is staged in a scene: cars that pull up, cars that go the wrong way, things put up, crowds.

Times are seconds of the scene, places metres east and north.
"""

from typing import Annotated

from msgspec import Meta, Struct

__all__ = ["StagedCrowd", "StagedStop", "StagedStray", "StagedThing", "Staging"]

Natural = Annotated[int, Meta(ge=0)]


class StagedStop(Struct, frozen=True, kw_only=True):
    """A car comes down a lane and pulls up."""

    lane: Natural
    """Number of the lane, from 0."""
    along_m: float
    """Where along the lane its front stands."""
    at_s: float
    """When it comes into the lane."""
    until_s: float
    """When it drives on."""
    kind: str = "car"
    """What it is: a kind of body."""


class StagedStray(Struct, frozen=True, kw_only=True):
    """A car goes down a lane against its direction, from its end to its start."""

    lane: Natural
    at_s: float
    kind: str = "car"


class StagedThing(Struct, frozen=True, kw_only=True):
    """Something is put up and taken away again; what falls comes down from where it hung."""

    kind: str
    east_m: float
    north_m: float
    heading_deg: float = 0.0
    at_s: float
    until_s: float
    scale: float = 1.0
    """So many times its kind's size."""
    from_m: float = 0.0
    """Height from which it falls, metres; 0: it stands where it is put."""


class StagedCrowd(Struct, frozen=True, kw_only=True):
    """People come, stand about a place, and leave."""

    centre: tuple[float, float]
    radius_m: float
    people: Annotated[int, Meta(ge=1, le=500)]
    at_s: float
    """When the first one comes."""
    fills_s: float
    """Over how long they come."""
    until_s: float
    """When they begin to leave."""


class Staging(Struct, frozen=True, kw_only=True):
    """Everything that is staged."""

    stops: tuple[StagedStop, ...] = ()
    strays: tuple[StagedStray, ...] = ()
    things: tuple[StagedThing, ...] = ()
    crowds: tuple[StagedCrowd, ...] = ()
