"""Whether what a box derived from its tracks (a stay, a crossing, a wrong way) was about something that was there."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec import Struct

from contracts.geometry import distance_m
from contracts.observation import Observation
from simulators.city.scene_cameras import SceneCamera
from simulators.scene.bodies import BODIES
from simulators.scene.detected import class_of
from simulators.scene.labels import Label

__all__ = ["ObservationFigures", "called", "observation_figures"]

_THERE_M = 3.0
"""So near to the place that an observation names a body of its class must stand: as far as the worst place
of a calibrated drawn camera is off (its 95th percentile, see ``place_error_m_p95``)."""


class ObservationFigures(Struct, frozen=True, kw_only=True):
    """Observations of one kind by one camera, each episode once, judged at the moment at which it was told."""

    kind: str
    told: int
    false: int
    """Those of them of which no body of the class stood at the place."""


def called(label: str) -> str | None:
    """Return the detector's name of a kind of body, and any other name as it is; None: no class of it."""
    return class_of(label) if label in BODIES else label


def observation_figures(
    observations: Iterable[Observation],
    shown: Sequence[Sequence[Label]],
    camera: SceneCamera,
    start: datetime,
) -> tuple[ObservationFigures, ...]:
    """Return how many observations were told and false, by kind.

    Only those about a track with a place are judged: what is said of a whole zone, or of the camera itself,
    names nobody.

    Args:
        observations: all that the camera's box told, in any order.
        shown: what was in each frame.
        camera: the drawn camera.
        start: moment of the first frame.
    """
    told: Counter[str] = Counter()
    false: Counter[str] = Counter()
    for one in observations:
        if one.rev or one.track is None or one.place is None:
            continue
        index = round((one.at - start).total_seconds() * camera.fps)
        if not 0 <= index < len(shown):
            continue
        place = (one.place.lon, one.place.lat)
        there = any(
            called(label.label) == called(one.label or "")
            and distance_m(place, camera.lon_lat(label.foot_east_m, label.foot_north_m)) <= _THERE_M
            for label in shown[index]
        )
        told[one.kind.value] += 1
        false[one.kind.value] += not there
    return tuple(
        ObservationFigures(kind=kind, told=count, false=false[kind])
        for kind, count in sorted(told.items())
    )
