"""Who is online: told by last wills and by silence in event time. Pure functions of the registry."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from contracts.profiles import PROFILES
from contracts.registry import Lifecycle, OnlineRate
from contracts.status import BoxState
from gateway.registry import Registry, SubjectRecord

__all__ = ["Presence", "box_online", "online_rates", "presences", "window_s"]

_CADENCES = 3.0
"""Readings that may be missing before a device counts as offline. Source: expert setting, as the
``gap`` gate's usual ``max: 3 cadence``."""
_LEAST_S = 60.0
_CAMERA = "camera"


def window_s(profile: str, cadence_s: float | None) -> float:
    """Return the seconds of silence after which a device counts as offline.

    Args:
        profile: its class.
        cadence_s: its registered cadence; None: the profile's.
    """
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


class Presence(NamedTuple):
    """Whether one device is there."""

    device: str
    district: str
    profile: str
    box: str | None
    """The box that speaks for it: the one that was heard, else the registered one; None: unknown."""
    online: bool
    heard_s: float
    """Its own newest time, seconds since 1970; 0: never heard."""


def presences(
    registry: Registry, now_s: float, *, started_s: float, offline_after_s: float
) -> Iterator[Presence]:
    """Yield every device about which something can be said.

    Those are the active devices of the API's registry, or, before anything was heard of it, every
    subject that was ever heard of. A device is online when its box is and when its own newest time
    is not older than three cadences (at least a minute). A camera is online with its box: where
    nothing moves it has nothing to say. What was not heard since this gateway started is left out
    until it has had the time to speak.

    Args:
        registry: what was heard and what is registered.
        now_s: the moment, seconds since 1970.
        started_s: when this gateway began to listen.
        offline_after_s: a box's silence after which it counts as offline.
    """
    boxes = {
        box: box_online(registry, box, now_s, offline_after_s)
        for box in {*list(registry.boxes), *list(registry.heard)}
    }
    windows: dict[tuple[str, float | None], float] = {}
    for watched in _watched(registry):
        profile, known = watched.profile, watched.known
        key = (profile, watched.cadence_s)
        window = windows.get(key)
        if window is None:
            window = windows[key] = window_s(*key)
        heard_s = 0.0 if known is None else known.heard_s
        there = known is not None and boxes.get(known.box, False)
        here = there and (profile == _CAMERA or now_s - heard_s <= window)
        # silent, but this gateway has not listened for long enough to say so
        listening = now_s - started_s < window and heard_s < started_s
        if listening and not here and profile != _CAMERA:
            continue
        box = watched.box if known is None else known.box
        yield Presence(watched.device, watched.district, profile, box, here, heard_s)


def online_rates(found: Iterable[Presence]) -> tuple[OnlineRate, ...]:
    """Return how many of these devices are online, by district and class."""
    counts: Counter[tuple[str, str]] = Counter()
    online: Counter[tuple[str, str]] = Counter()
    for each in found:
        counts[each.district, each.profile] += 1
        online[each.district, each.profile] += each.online
    return tuple(
        OnlineRate(district=district, profile=profile, devices=devices, online=online[key])
        for key, devices in sorted(counts.items())
        for district, profile in (key,)
    )


class _Watched(NamedTuple):
    """A device that counts, as it is registered, and as it was heard."""

    device: str
    district: str
    profile: str
    cadence_s: float | None
    box: str | None
    known: SubjectRecord | None


def _watched(registry: Registry) -> Iterator[_Watched]:
    """Yield every device that counts."""
    subjects = registry.subjects
    if registry.revision:
        for name, entry in list(registry.devices.items()):
            if entry.lifecycle is Lifecycle.ACTIVE:
                yield _Watched(
                    name,
                    entry.district,
                    entry.profile,
                    entry.cadence_s,
                    entry.box,
                    subjects.get(name),
                )
        return
    for name, known in list(subjects.items()):
        yield _Watched(name, known.district, known.profile or "unknown", None, known.box, known)
