"""What a rule may name: streams, their keys and their typed fields.

Readings take their fields from the device profile (:mod:`contracts.profiles`); the other streams
have one table each, which mirrors the messages of :mod:`contracts`.
"""

from collections.abc import Mapping
from typing import NamedTuple

from contracts.observation import ObservationKind
from contracts.profiles import PROFILES, ProfileField

__all__ = ["STREAMS", "FieldTable", "Stream", "profile_fields"]

FieldTable = Mapping[str, ProfileField]


class Stream(NamedTuple):
    """One kind of input.

    Attributes:
        keys: names that a sample's ``keys`` may hold, and so a rule's ``key`` and ``dedupe``.
        fields: typed fields of a sample, by name; empty for readings, whose profile has them.
        fresh_s: seconds for which a value stands for the present without a newer one; None: until
            the subject ends. Readings use 2.5 times the profile's cadence instead.
        vanishes: a subject that falls silent is gone, as if it had ended.
        kinds: legal values of ``watch.kind``; empty where the stream has none.
    """

    keys: tuple[str, ...]
    fields: FieldTable
    fresh_s: float | None
    vanishes: bool = False
    kinds: tuple[str, ...] = ()


def _table(*fields: ProfileField) -> FieldTable:
    return {field.name: field for field in fields}


def _number(name: str, unit: str, maximum: float | None = None) -> ProfileField:
    return ProfileField(name=name, unit=unit, minimum=0.0, maximum=maximum)


def _text(name: str) -> ProfileField:
    return ProfileField(name=name, kind="text")


_EVERYWHERE = ("subject", "box", "site", "district")

STREAMS: dict[str, Stream] = {
    "readings": Stream(keys=_EVERYWHERE, fields={}, fresh_s=None),
    "tracks": Stream(
        keys=(*_EVERYWHERE, "camera", "track", "zone", "zone_kind", "class"),
        fields=_table(
            _number("confidence", "/", 1.0),
            _number("dwell_s", "s"),
            _number("speed_m_s", "m/s"),
            _text("label"),
        ),
        fresh_s=20.0,
        vanishes=True,
    ),
    "counts": Stream(
        keys=(*_EVERYWHERE, "camera", "zone", "zone_kind", "line"),
        fields=_table(
            _number("people", "count"),
            _number("vehicles", "count"),
            _number("objects", "count"),
            _number("occupied_ratio", "/", 1.0),
            _number("area_m2", "m2"),
            _number("longest_dwell_s", "s"),
            _number("speed_m_s", "m/s"),
            _number("forward", "count"),
            _number("backward", "count"),
            _number("window_s", "s"),
            _number("standing", "count"),
            _number("density_per_m2", "1/m2"),
            _number("queue_m", "m"),
            _number("forward_per_min", "1/min"),
            _number("backward_per_min", "1/min"),
        ),
        fresh_s=20.0,
    ),
    "observations": Stream(
        keys=(
            *_EVERYWHERE,
            "camera",
            "observation",
            "kind",
            "zone",
            "zone_kind",
            "line",
            "direction",
            "track",
            "class",
        ),
        fields=_table(
            _number("confidence", "/", 1.0),
            _number("dwell_s", "s"),
            _number("speed_m_s", "m/s"),
            _number("count", "count"),
            _text("label"),
            _text("direction"),
        ),
        fresh_s=None,
        kinds=tuple(kind.value for kind in ObservationKind),
    ),
    "signals": Stream(keys=_EVERYWHERE, fields={}, fresh_s=None),
    "quality": Stream(
        keys=(*_EVERYWHERE, "profile", "field", "check", "gates"),
        fields=_table(
            ProfileField(name="bad", kind="flag"),
            ProfileField(name="flag"),
            ProfileField(name="value"),
        ),
        fresh_s=None,
    ),
}
"""Every stream a rule can watch. ``class`` is the detector's label, ``line`` and ``zone`` are ids of
the box's configuration, ``subject`` is the sensor or the camera. ``signals`` is what the correlator makes
for rules with ``signals``. ``quality`` is what the gates of
:mod:`rules.quality` find: one statement whenever a check begins or ceases to find too many bad values."""


def profile_fields(profile: str) -> FieldTable:
    """Return the typed fields of a device profile, by name.

    Raises:
        KeyError: when no such profile ships.
    """
    return {field.name: field for field in PROFILES[profile].fields}
