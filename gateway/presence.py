"""Who is online: told by last wills and by silence in event time. Pure functions of the registry."""

from contracts.profiles import PROFILES
from contracts.registry import DeviceEntry, Lifecycle, OnlineRate
from contracts.status import BoxState
from gateway.registry import Registry

__all__ = ["box_online", "online_rates", "window_s"]

_CADENCES = 3.0
"""Readings that may be missing before a device counts as offline. Source: expert setting, as the
``gap`` gate's usual ``max: 3 cadence``."""
_LEAST_S = 60.0
_CAMERA = "camera"


def window_s(profile: str | None, entry: DeviceEntry | None) -> float:
    """Return the seconds of silence after which a device counts as offline."""
    cadence_s = None if entry is None else entry.cadence_s
    if cadence_s is None and profile in PROFILES:
        cadence_s = PROFILES[profile].cadence_s
    return max(_LEAST_S, _CADENCES * (cadence_s or 0.0))


def box_online(registry: Registry, box: str, now_s: float, offline_after_s: float) -> bool:
    """Return whether a box is there: no last will since its birth, and heard of lately.

    Args:
        registry: what was heard.
        box: the box.
        now_s: the moment, seconds since 1970.
        offline_after_s: silence after which it counts as offline.
    """
    record = registry.boxes.get(box)
    if record is not None and record.state is BoxState.OFFLINE:
        return False
    heard_s = max(registry.heard.get(box, 0.0), 0.0 if record is None else record.heard_s)
    return now_s - heard_s <= offline_after_s


def online_rates(
    registry: Registry, now_s: float, *, started_s: float, offline_after_s: float
) -> tuple[OnlineRate, ...]:
    """Return how many devices are online, by district and class.

    Counted are the active devices of the API's registry, or, before anything was heard of it, every
    subject that was ever heard of. A device is online when its box is and when its own newest time
    is not older than three cadences (at least a minute). A camera is online with its box: where
    nothing moves it has nothing to say. What was not heard since this gateway started is not
    counted until it has had the time to speak.

    Args:
        registry: what was heard and what is registered.
        now_s: the moment, seconds since 1970.
        started_s: when this gateway began to listen.
        offline_after_s: a box's silence after which it counts as offline.
    """
    found: dict[tuple[str, str], list[int]] = {}
    boxes = {
        box: box_online(registry, box, now_s, offline_after_s)
        for box in {*list(registry.boxes), *list(registry.heard)}
    }
    if registry.revision:
        names = [
            name
            for name, entry in list(registry.devices.items())
            if entry.lifecycle is Lifecycle.ACTIVE
        ]
    else:
        names = list(registry.subjects)
    for name in names:
        entry, known = registry.devices.get(name), registry.subjects.get(name)
        profile = known.profile if entry is None and known is not None else None
        profile = profile if entry is None else entry.profile
        district = known.district if entry is None and known is not None else ""
        district = district if entry is None else entry.district
        patience_s = window_s(profile, entry)
        heard_s = 0.0 if known is None else known.heard_s
        there = known is not None and boxes.get(known.box, False)
        fresh = now_s - heard_s <= patience_s
        # silent, but this gateway has not listened for long enough to say so
        listening = now_s - started_s < patience_s and heard_s < started_s
        if listening and profile != _CAMERA and not (there and fresh):
            continue
        counts = found.setdefault((district, profile or "unknown"), [0, 0])
        counts[0] += 1
        counts[1] += there and (fresh or profile == _CAMERA)
    return tuple(
        OnlineRate(district=district, profile=profile, devices=devices, online=online)
        for (district, profile), (devices, online) in sorted(found.items())
    )
