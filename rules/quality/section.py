"""The ``quality`` section of a rule and the defaults per profile: parsed data becomes gates."""

import math
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from types import MappingProxyType
from typing import Final

from contracts.profiles import PROFILES, ProfileField
from rules.quality.drift_gate import DriftGate
from rules.quality.gap_gate import GapGate
from rules.quality.gate import QualityGate
from rules.quality.late_gate import LateGate
from rules.quality.median_filter import MedianFilter
from rules.quality.quantity import Amounts, Place
from rules.quality.range_gate import RangeGate
from rules.quality.rate_gate import RateGate
from rules.quality.recurrence import Recurrence
from rules.quality.skew_gate import SkewGate
from rules.quality.spike_gate import SpikeGate
from rules.quality.stuck_gate import StuckGate
from rules.quality.witness_signals import Witness, with_witnesses

__all__ = ["SECTION_KEYS", "QualityDefaults", "compile_quality", "read_defaults"]

SECTION_KEYS: Final = {
    "range": ("min", "max", "suspect_min", "suspect_max"),
    "spike": ("step", "suspect_step"),
    "rate": ("change", "fail_change", "over"),
    "stuck": ("tolerance", "for", "suspect_for", "rest", "unless", "learn", "times"),
    "drift": ("limit", "most", "for", "direction", "fail_while"),
    "late": ("max",),
    "skew": ("max",),
    "gap": ("max",),
    "median": (),
    "raise": ("count", "within"),
    "field": (),
}
"""What a section may hold, and what each of its parts may."""

_CHECKS: Final = ("spike", "rate", "stuck", "drift")
"""Checks that have defaults per profile."""
_APART_CADENCES: Final = 10.0
"""Values further apart than so many cadences are no neighbours (expert setting)."""
_RAISE_COUNT: Final = 3
_RAISE_WITHIN_S: Final = 600.0
"""An alarm by three bad values in ten minutes, or in ten cadences where that is longer: minutes, not
days, and not at the first slip (expert setting)."""
_LEAST_WINDOW_S: Final = 3600.0
_LEAST_TIMES: Final = 2.0
_USUAL_TIMES: Final = 4.0
"""One false alarm in n^3 windows of n values, see :class:`rules.quality.still_pace.StillPace`."""
_MEDIAN_SIZES: Final = range(3, 16, 2)
_DIRECTIONS: Final = ("up", "down", "both")

ErrorFactory = Callable[[Sequence[str | int], str], Exception]
QualityDefaults = Mapping[str, Mapping[str, Mapping[str, Mapping[str, object]]]]
"""Profile, field and check to the check's parts as written, ``source`` left out."""


def read_defaults(data: object, error: ErrorFactory) -> QualityDefaults:
    """Return the defaults in a parsed ``defaults.yaml``, every one of them tried.

    Args:
        data: the parsed YAML: profile, field, check, parts; each check with its ``source``.
        error: makes the error for a path of the document.

    Raises:
        Exception: what ``error`` makes, for the first profile, field, check, part or unit that is
            unknown or without source.
    """
    defaults: dict[str, dict[str, dict[str, dict[str, object]]]] = {}
    for profile, fields in _mapping(data, (), error).items():
        known = PROFILES.get(profile)
        if known is None:
            raise error((profile,), _unknown("profile", profile, PROFILES))
        for name, checks in _mapping(fields, (profile,), error).items():
            here = (profile, name)
            field = known.field(name)
            if field is None or field.kind != "number":
                numbers = [f.name for f in known.fields if f.kind == "number"]
                raise error(here, _unknown("number field", name, numbers))
            for check, given in _mapping(checks, here, error).items():
                parts = dict(_mapping(given, (*here, check), error))
                if check not in _CHECKS:
                    raise error((*here, check), _unknown("check", check, _CHECKS))
                if not isinstance(parts.pop("source", None), str):
                    raise error((*here, check), "expected a 'source': where the numbers are from")
                defaults.setdefault(profile, {}).setdefault(name, {})[check] = parts
                _Section({check: parts}, (), error, {}).gate(profile, field, here)
    return defaults


def compile_quality(
    section: object,
    error: ErrorFactory,
    *,
    profiles: Sequence[str],
    defaults: QualityDefaults,
    witnesses: Mapping[str, Witness] = MappingProxyType({}),
) -> dict[str, dict[str, QualityGate]]:
    """Return the gates of a rule's ``quality`` section, by profile and field.

    Args:
        section: the section as parsed.
        error: makes the error for a path of the section.
        profiles: the profiles that the rule watches; each is known.
        defaults: what ``profile`` stands for.
        witnesses: what names of signals stand for in ``unless``.

    Raises:
        Exception: what ``error`` makes, for the first thing that is not of this shape or has no
            default.
    """
    given = _mapping(section, (), error)
    for name in given:
        if name not in SECTION_KEYS:
            raise error((name,), _unknown("check", name, SECTION_KEYS))
    if not given.keys() - {"raise", "field"}:
        raise error((), "expected at least one check, like 'range: profile'")
    only = given.get("field")
    if only is not None and not any(PROFILES[p].field(str(only)) for p in profiles):
        fields = [field.name for p in profiles for field in PROFILES[p].fields]
        raise error(("field",), _unknown("field", str(only), fields))
    compiled = _Section(_witnessed(given, witnesses), (), error, defaults)
    return {
        profile: {
            field.name: compiled.gate(profile, field, ())
            for field in PROFILES[profile].fields
            if only is None or field.name == only
        }
        for profile in profiles
    }


def _witnessed(
    given: Mapping[str, object], witnesses: Mapping[str, Witness]
) -> Mapping[str, object]:
    named = dict(given)
    for check, part in (("stuck", "unless"), ("drift", "fail_while")):
        parts = given.get(check)
        if isinstance(parts, dict) and part in parts:
            named[check] = {**parts, part: with_witnesses(parts[part], witnesses)}
    return named


def _mapping(data: object, where: Place, error: ErrorFactory) -> Mapping[str, object]:
    if not isinstance(data, dict) or not data:
        raise error(where, f"expected a mapping with something in it, found {str(data)[:40]!r}")
    return {str(name): value for name, value in data.items()}


def _unknown(what: str, name: str, known: Sequence[str] | Mapping[str, object]) -> str:
    close = get_close_matches(name, list(known), n=1, cutoff=0.6)
    hint = f"did you mean {close[0]!r}? " if close else ""
    return f"{what} {name[:40]!r} is unknown; {hint}expected one of {', '.join(known)}"


class _Section:
    """One section, compiled field by field."""

    def __init__(
        self,
        given: Mapping[str, object],
        path: Place,
        error: ErrorFactory,
        defaults: QualityDefaults,
    ) -> None:
        self._given = given
        self._path = path
        self._error = error
        self._defaults = defaults

    def gate(self, profile: str, field: ProfileField, path: Place) -> QualityGate:
        """Return the gates of one field; those that compare values only for a number."""
        cadence_s = PROFILES[profile].cadence_s
        apart_s = _APART_CADENCES * cadence_s
        amounts = Amounts(field, cadence_s, path, self._error)
        number = field.kind == "number"
        parts = {
            name: self._parts(name, profile, field, path)
            for name in (*(("range", *_CHECKS) if number else ()), "late", "skew", "gap", "raise")
            if name in self._given
        }
        drift = _drift(amounts, parts["drift"]) if "drift" in parts else None
        stuck = _stuck(amounts, parts["stuck"], apart_s) if "stuck" in parts else None
        unless = None if stuck is None else stuck.unless
        fail_while = None if drift is None else drift.fail_while
        if unless and fail_while and unless.identity != fail_while.identity:
            raise amounts.fault(
                "drift",
                "fail_while",
                "expected the same as 'unless' of 'stuck': a rule hears one sort",
            )
        return QualityGate(
            range=self._range(amounts, field, parts["range"]) if "range" in parts else None,
            spike=_spike(amounts, parts["spike"], apart_s) if "spike" in parts else None,
            rate=_rate(amounts, parts["rate"]) if "rate" in parts else None,
            stuck=stuck,
            drift=drift,
            late=LateGate(amounts.seconds(parts["late"], "late", "max"))
            if "late" in parts
            else None,
            skew=SkewGate(amounts.seconds(parts["skew"], "skew", "max"))
            if "skew" in parts
            else None,
            gap=_gap(amounts, parts["gap"]) if "gap" in parts else None,
            median=self._median() if number else None,
            recurrence=self._recurrence(amounts, parts.get("raise", {}), cadence_s),
        )

    def _parts(
        self, check: str, profile: str, field: ProfileField, path: Place
    ) -> Mapping[str, object]:
        """Return a check's parts: those given, and the profile's for what says ``profile``."""
        given = self._given[check]
        if check == "range" and given == "profile":
            return {}
        default = self._defaults.get(profile, {}).get(field.name, {}).get(check)
        here = (*path, check)
        if given == "profile":
            return self._default(default, check, profile, field, here)
        parts = dict(_mapping(given, here, self._error))
        if check == "stuck" and default is not None and "rest" in default:
            parts.setdefault("rest", default["rest"])  # a dry gauge is not stuck, unless said so
        for name, value in list(parts.items()):
            if name not in SECTION_KEYS[check]:
                raise self._error((*here, name), _unknown("part", name, SECTION_KEYS[check]))
            if value == "profile":
                found = self._default(default, check, profile, field, (*here, name))
                parts |= {
                    part: text
                    for part, text in found.items()
                    if parts.get(part) in {None, "profile"}
                }
        return parts

    def _default(
        self,
        default: Mapping[str, object] | None,
        check: str,
        profile: str,
        field: ProfileField,
        where: Place,
    ) -> Mapping[str, object]:
        if default is None:
            raise self._error(
                where,
                f"{check!r} has no default for {field.name!r} of profile {profile!r}; give its "
                f"parts ({', '.join(SECTION_KEYS[check])}), or watch that profile in a rule of its own",
            )
        return default

    def _range(
        self, amounts: Amounts, field: ProfileField, parts: Mapping[str, object]
    ) -> RangeGate:
        low = -math.inf if field.minimum is None else field.minimum
        high = math.inf if field.maximum is None else field.maximum
        low = amounts.level(parts, "range", "min", low)
        high = amounts.level(parts, "range", "max", high)
        gate = RangeGate(
            low,
            high,
            amounts.level(parts, "range", "suspect_min", low),
            amounts.level(parts, "range", "suspect_max", high),
        )
        if not gate.low <= gate.suspect_low <= gate.suspect_high <= gate.high:
            raise amounts.fault(
                "range",
                None,
                "expected min <= suspect_min <= suspect_max <= max, at least one value",
            )
        return gate

    def _median(self) -> MedianFilter | None:
        size = self._given.get("median")
        if size is None:
            return None
        if isinstance(size, bool) or not isinstance(size, int) or size not in _MEDIAN_SIZES:
            raise self._error(
                ("median",), f"{str(size)[:40]!r}: expected an odd number from 3 to 15"
            )
        return MedianFilter(size)

    def _recurrence(
        self, amounts: Amounts, parts: Mapping[str, object], cadence_s: float
    ) -> Recurrence:
        count = parts.get("count", _RAISE_COUNT)
        if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= 100:
            raise amounts.fault("raise", "count", f"{str(count)[:40]!r}: expected 1 to 100")
        usual = max(_RAISE_WITHIN_S, _APART_CADENCES * cadence_s)
        return Recurrence(count, amounts.seconds(parts, "raise", "within", usual))


def _gap(amounts: Amounts, parts: Mapping[str, object]) -> GapGate:
    return GapGate(amounts.seconds(parts, "gap", "max"), amounts.cadences(parts["max"]))


def _spike(amounts: Amounts, parts: Mapping[str, object], apart_s: float) -> SpikeGate:
    step = amounts.change(parts, "spike", "step")
    suspect = amounts.change(parts, "spike", "suspect_step", step)
    if suspect > step:
        raise amounts.fault("spike", "suspect_step", "expected it not above 'step'")
    return SpikeGate(step, suspect, apart_s)


def _rate(amounts: Amounts, parts: Mapping[str, object]) -> RateGate:
    over_s = amounts.seconds(parts, "rate", "over")
    change = amounts.change(parts, "rate", "change")
    fail = amounts.change(parts, "rate", "fail_change", math.inf)
    if over_s == 0.0 or change > fail:
        raise amounts.fault(
            "rate", None, "expected 'over' above 0s and 'fail_change' not below 'change'"
        )
    return RateGate(change / over_s, fail / over_s)


def _stuck(amounts: Amounts, parts: Mapping[str, object], apart_s: float) -> StuckGate:
    fail_s = amounts.seconds(parts, "stuck", "for")
    suspect_s = amounts.seconds(parts, "stuck", "suspect_for", fail_s)
    if fail_s == 0.0 or suspect_s == 0.0 or suspect_s > fail_s:
        raise amounts.fault("stuck", None, "expected 0s < 'suspect_for' <= 'for'")
    tolerance = amounts.change(parts, "stuck", "tolerance")
    rest = amounts.span(parts, "stuck", "rest")
    unless = amounts.excuse(parts, "stuck", "unless")
    learn_s = amounts.seconds(parts, "stuck", "learn", math.inf)
    if learn_s < _LEAST_WINDOW_S:
        raise amounts.fault("stuck", "learn", "expected at least 1h; a whole day knows its night")
    times = parts.get("times", _USUAL_TIMES)
    if isinstance(times, bool) or not isinstance(times, int | float) or not times >= _LEAST_TIMES:
        raise amounts.fault("stuck", "times", f"{str(times)[:40]!r}: expected a number from 2 on")
    return StuckGate(tolerance, fail_s, suspect_s, *rest, apart_s, unless, learn_s, float(times))


def _drift(amounts: Amounts, parts: Mapping[str, object]) -> DriftGate:
    over_s = amounts.seconds(parts, "drift", "for")
    if over_s < 60.0:
        raise amounts.fault("drift", "for", "expected at least 1m")
    direction = parts.get("direction", "both")
    if direction not in _DIRECTIONS:
        raise amounts.fault(
            "drift", "direction", _unknown("direction", str(direction), _DIRECTIONS)
        )
    limit = amounts.change(parts, "drift", "limit")
    most = amounts.change(parts, "drift", "most", math.inf)
    if limit > most:
        raise amounts.fault("drift", "most", "expected it not below 'limit'")
    return DriftGate(
        limit,
        over_s,
        most,
        upward=direction != "down",
        downward=direction != "up",
        fail_while=amounts.excuse(parts, "drift", "fail_while"),
    )
