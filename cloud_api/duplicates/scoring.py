"""How likely a case is about the same matter as another one, or several already taken together; pure.

The question is the one between two explanations: the new report belongs to this matter, or it is the first
of another matter of the same class nearby. Both have a likelihood; their ratio decides:

- belongs: the distance to the middle of the known reports is that of two noisy positions (a normal
  distribution with the positions' spread, the middle of n reports being better known than one), at any
  moment of the class's window since the first report, or since a sensor last saw the matter;
- is another: matters of a class appear at some density in place and time, anywhere around.

What the words say shifts the odds: alike words speak for one matter, unlike ones against it. The same picture in
both speaks for one matter; other pictures say nothing, since two people take two of one pond. Radius and
window of the class bound what is compared at all. Source: Bayes' rule; the weights are fitted on the generated
days of ``benchmarks/dedupe.py`` whose seeds are not those that it reports.

A device stands where it stands, while people report from about there: where a class says how exactly its devices'
places are known, these weigh more in the middle, and two devices are one matter only where they are about at one place.
Of a report that names no class the words may give a likely one; its odds are then those of place and time times that likelihood: with
matters of all classes about equally frequent, p(here | this matter) p(words | its class) against p(words) is that product.
"""

import math
import re
from collections.abc import Sequence
from typing import NamedTuple

from msgspec import Struct
from rapidfuzz import fuzz

from cloud_api.duplicates.pictures import look_alike
from contracts.geometry import distance_m

__all__ = [
    "DuplicateRule",
    "Likeness",
    "Matter",
    "Report",
    "likeness",
    "same_picture",
    "text_likeness",
]

_HOUR_US = 3_600_000_000
_MAX_RADIUS_M = 150.0
"""Wider than this the neighbour cells of the index do not reach."""

_NEUTRAL = 0.5
"""Likeness of texts at which words say nothing either way."""

_WORDS = 2.0
"""How much words shift the odds, in natural logarithms from no to full likeness; fitted as the module says."""

_PHRASES, _USUAL = 0.3, 0.6
"""Phrases of one class are alike anyway: they count less than numbers, around a usual likeness."""

_PICTURE = 3.0
"""How much one picture in both shifts the odds, natural logarithm; fitted as the module says, on photos of
``benchmarks/_dedupe_photos.py``: 2 to 4 do as well, more trusts strays."""

_NUMBER = re.compile(r"\d+")


class DuplicateRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What holds for the duplicates of some classes; the first rule that fits decides."""

    class_code: str = "*"
    """Code of the class table, ``*`` for any characters. Default every class."""
    event_type: str = "*"
    """Event type, ``*`` as above. Default every type."""
    compare: bool = True
    """False: each of these is a matter of its own, and nothing is merged into it: a gauge's word of rain is no pond.
    Default true."""
    radius_m: float = 60.0
    """Farther apart than this, in metres, nothing is one matter; at most 150. Default 60."""
    window_h: float = 6.0
    """Longer than this, in hours, after the first report or after a sensor last saw it, nothing is one matter.
    Default 6."""
    spread_m: float = 12.0
    """Spread of a reported position, in metres (one standard deviation per axis). Default 12."""
    device_spread_m: float | None = None
    """Spread of the place that a device tells, in metres per axis; None: that of people. Where each device watches a thing
    of its own, a lid, a bin, a low point, two of them are then two matters. Default None."""
    per_km2_day: float = 30.0
    """How many matters of one such class appear per square kilometre and day. Default 30."""

    def __post_init__(self) -> None:
        """Refuse what the index cannot find.

        Raises:
            ValueError: a number is out of its range.
        """
        if not 0 < self.radius_m <= _MAX_RADIUS_M:
            raise ValueError(f"radius_m {self.radius_m:g}; expected more than 0, at most 150")
        spreads = (self.spread_m, self.spread_of_a_device_m)
        if min(self.window_h, *spreads, self.per_km2_day) <= 0:
            raise ValueError(
                "window_h, spread_m, device_spread_m, per_km2_day: expected more than 0"
            )

    @property
    def spread_of_a_device_m(self) -> float:
        """Spread of the place that a device tells, metres per axis."""
        return self.spread_m if self.device_spread_m is None else self.device_spread_m


class Report(NamedTuple):
    """One report: where (WGS 84), when (microseconds since 1970 UTC), in which words, with which pictures.

    ``pictures`` are perceptual hashes; ``camera`` is the device that told and took them by itself, None for people. What a sensor
    watches goes on until ``until_us``; None: nobody knows of any other moment than ``at_us``.
    """

    lon: float
    lat: float
    at_us: int
    text: str
    pictures: tuple[int, ...] = ()
    camera: str | None = None
    until_us: int | None = None

    def nearest_us(self, at_us: int) -> int:
        """Return the moment nearest to another one at which the matter is known to have been there."""
        last_us = self.at_us if self.until_us is None else self.until_us
        return max(self.at_us, min(at_us, last_us))


class Matter(NamedTuple):
    """What is taken for one matter so far; never empty."""

    reports: tuple[Report, ...]

    def middle(self, rule: DuplicateRule) -> tuple[float, float, float]:
        """Return the mean of the reported places, and its variance in square metres per axis.

        Each place counts by the inverse of its variance, people's by 1.
        """
        exact = (rule.spread_m / rule.spread_of_a_device_m) ** 2
        weights = [1.0 if report.camera is None else exact for report in self.reports]
        total = sum(weights)
        return (
            sum(w * report.lon for w, report in zip(weights, self.reports, strict=True)) / total,
            sum(w * report.lat for w, report in zip(weights, self.reports, strict=True)) / total,
            rule.spread_m**2 / total,
        )


class Likeness(NamedTuple):
    """How likely a report belongs to a matter: ``odds`` is a natural logarithm, above 0 rather yes.

    ``class_read`` is how likely its words make the matter's class, where it names none.
    """

    odds: float
    distance_m: float
    hours: float
    words: float
    same_picture: bool = False
    class_read: float = 1.0


def same_picture(one: Report, other: Report) -> bool:
    """Return whether two reports brought the same picture.

    What one camera took is not compared: it sees the same street all day.
    """
    if one.camera is not None and one.camera == other.camera:
        return False
    return any(look_alike(mine, its) for mine in one.pictures for its in other.pictures)


def text_likeness(one: str, other: str) -> float:
    """Return how alike two texts are, 0 to 1, 0.5 being no evidence either way.

    House and shop numbers tell most: two texts that share one speak of one place, two that name
    different ones hardly do. Otherwise phrases are compared, whatever their order, and count less.
    """
    if not one or not other:
        return _NEUTRAL
    numbers, others = set(_NUMBER.findall(one)), set(_NUMBER.findall(other))
    if numbers and others:
        return 1.0 if numbers & others else 0.0
    return _NEUTRAL + _PHRASES * (fuzz.token_set_ratio(one, other) / 100.0 - _USUAL)


def likeness(
    report: Report, matter: Matter, rule: DuplicateRule, class_read: float = 1.0
) -> Likeness | None:
    """Return how likely a report belongs to a matter; None beyond radius or window.

    Args:
        report: what may belong to it.
        matter: what is known of it.
        rule: of the matter's class.
        class_read: how likely the report is of that class, above 0 up to 1; 1: it says so.
    """
    lon, lat, unsure_m2 = matter.middle(rule)
    away_m = distance_m((report.lon, report.lat), (lon, lat))
    moments = [known.nearest_us(report.at_us) for known in matter.reports]
    hours = max(report.at_us - min(moments), max(moments) - report.at_us) / _HOUR_US
    if away_m > rule.radius_m or hours > rule.window_h:
        return None
    spread_m = rule.spread_m if report.camera is None else rule.spread_of_a_device_m
    variance = spread_m**2 + unsure_m2
    here = -(away_m**2) / (2.0 * variance) - math.log(2.0 * math.pi * variance)
    now = -math.log(rule.window_h)
    elsewhere = math.log(rule.per_km2_day / 1e6 / 24.0)
    words = _words(report, matter.reports)
    pictured = any(same_picture(report, known) for known in matter.reports)
    odds = here + now - elsewhere + _WORDS * (words - _NEUTRAL) + _PICTURE * pictured
    return Likeness(odds + math.log(class_read), away_m, hours, words, pictured, class_read)


def _words(report: Report, known: Sequence[Report]) -> float:
    """Return the likeness to the best few of the known texts: people choose different words."""
    found = sorted((text_likeness(report.text, each.text) for each in known), reverse=True)
    best = found[:3]
    return sum(best) / len(best)
