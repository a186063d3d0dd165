"""``unless`` of ``stuck``: text or mapping becomes an excuse."""

from collections.abc import Callable, Mapping, Sequence

from contracts.profiles import PROFILES
from rules.durations import parse_duration
from rules.errors import ExpressionError
from rules.expression import check, field_names, parse
from rules.quality.excuse import PLACES, Excuse
from rules.vocabulary import profile_fields

__all__ = ["EXCUSE_KEYS", "compile_excuse"]

EXCUSE_KEYS = ("when", "profile", "by", "fresh")
"""What an ``unless`` may hold."""
_FRESH_CADENCES = 10.0
"""So many cadences a witness's word counts where nothing is said (expert setting)."""

Fail = Callable[[Sequence[str | int], str], Exception]


def compile_excuse(given: object, path: Sequence[str | int], error: Fail) -> Excuse:
    """Return the excuse in an ``unless``.

    Args:
        given: a condition, or a mapping of ``when``, ``profile``, ``by`` and ``fresh``.
        path: where it stands in the document.
        error: makes the error for a path of the document.

    Raises:
        Exception: what ``error`` makes, for the first thing that is not of this shape.
    """
    parts: Mapping[str, object] = given if isinstance(given, dict) else {"when": given}
    for name in parts:
        if name not in EXCUSE_KEYS:
            raise error(
                (*path, name), f"{str(name)[:40]!r}: expected one of {', '.join(EXCUSE_KEYS)}"
            )
    here = (*path, "when") if isinstance(given, dict) else path
    source = parts.get("when")
    if not isinstance(source, str):
        raise error(here, "expected a condition like 'rain_mm_h < 0.1 mm/h'")
    try:
        node = parse(source)
        names = field_names(node)
        profile = parts["profile"] if "profile" in parts else _profile_of(names)
        if profile is None:
            raise error(
                here,
                f"not one profile alone has {', '.join(names) or 'a field of this'}; expected "
                "fields of a witness, or {when: …, profile: …}",
            )
        if profile not in PROFILES:
            raise error(
                (*path, "profile"), f"{str(profile)[:40]!r}: expected one of {', '.join(PROFILES)}"
            )
        fields = profile_fields(str(profile))
        check(node, source, fields)
    except ExpressionError as failure:
        raise error(here, str(failure)) from failure
    by = parts.get("by", PLACES[0])
    if by not in PLACES:
        raise error((*path, "by"), f"{str(by)[:40]!r}: expected one of {', '.join(PLACES)}")
    fresh_s = _FRESH_CADENCES * PROFILES[str(profile)].cadence_s
    if "fresh" in parts:
        try:
            fresh_s = parse_duration(parts["fresh"])
        except ValueError as failure:
            raise error((*path, "fresh"), str(failure)) from failure
    return Excuse(
        profile=str(profile), node=node, text=source, fields=fields, by=str(by), fresh_s=fresh_s
    )


def _profile_of(names: Sequence[str]) -> str | None:
    """Return the one profile that has all these fields; None where there is none or several."""
    found = [
        profile.name
        for profile in PROFILES.values()
        if names and all(profile.field(name) is not None for name in names)
    ]
    return found[0] if len(found) == 1 else None
