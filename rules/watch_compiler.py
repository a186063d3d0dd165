"""What a rule or a signal watches: declared profiles, streams and filters become checked."""

from collections.abc import Callable, Sequence
from typing import Final, Protocol

from contracts.profiles import PROFILES
from rules.vocabulary import STREAMS, Stream

__all__ = ["WATCHABLE", "Watch", "compile_filters", "compile_kinds", "find_stream", "listed"]

Fail = Callable[[Sequence[str | int], str], Exception]

_Here = tuple[str | int, ...]

WATCHABLE: Final = tuple(name for name in STREAMS if name not in {"readings", "signals"})
"""Streams that ``stream`` may name; readings are watched by profile, signals by ``signals``."""


class Watch(Protocol):
    """What a ``watch`` section and a signal have in common."""

    @property
    def stream(self) -> str | None:
        """Name of a stream."""

    @property
    def class_(self) -> str | list[str]:
        """Detector labels."""

    @property
    def zone_kind(self) -> str | list[str]:
        """Kinds of zone."""

    @property
    def kind(self) -> str | list[str]:
        """Kinds of observation."""

    @property
    def subject(self) -> str | list[str]:
        """Sensors or cameras."""

    @property
    def site(self) -> str | list[str]:
        """Sites."""

    @property
    def district(self) -> str | list[str]:
        """Districts."""


def find_stream(here: _Here, profiles: Sequence[str] | None, watch: Watch, fail: Fail) -> str:
    """Return the name of the stream that is watched.

    Args:
        here: path of the section below the rule.
        profiles: the profiles that it names; None: none are named.
        watch: the section.
        fail: makes the error for a path below the rule.

    Raises:
        Exception: what ``fail`` makes.
    """
    if (profiles is None) == (watch.stream is None):
        raise fail(here, "expected exactly one of 'profile' and 'stream'")
    if profiles is not None:
        for profile in profiles:
            if profile not in PROFILES:
                raise fail(
                    (*here, "profile"),
                    f"profile {profile[:40]!r} is unknown; expected one of {', '.join(PROFILES)}",
                )
        if not profiles:
            raise fail((*here, "profile"), "expected at least one profile")
        return "readings"
    assert watch.stream is not None
    if watch.stream not in WATCHABLE:
        raise fail(
            (*here, "stream"),
            f"stream {watch.stream[:40]!r} is unknown; expected one of {', '.join(WATCHABLE)} "
            "(readings are watched by 'profile')",
        )
    return watch.stream


def compile_kinds(here: _Here, watch: Watch, stream: Stream, fail: Fail) -> tuple[str, ...]:
    """Return the kinds of observation that are watched; empty for any.

    Raises:
        Exception: what ``fail`` makes.
    """
    kinds = listed(watch.kind)
    for kind in kinds:
        if not stream.kinds:
            raise fail((*here, "kind"), "only observations have a kind")
        if kind not in stream.kinds:
            raise fail(
                (*here, "kind"),
                f"kind {kind[:40]!r} is unknown; expected one of {', '.join(stream.kinds)}",
            )
    return kinds


def compile_filters(
    here: _Here, watch: Watch, stream: Stream, fail: Fail
) -> tuple[tuple[str, frozenset[str]], ...]:
    """Return key names with the values that they may have.

    Raises:
        Exception: what ``fail`` makes.
    """
    filters: list[tuple[str, frozenset[str]]] = []
    for name, wanted in (
        ("class", watch.class_),
        ("zone_kind", watch.zone_kind),
        ("subject", watch.subject),
        ("site", watch.site),
        ("district", watch.district),
    ):
        values = listed(wanted)
        if values and name not in stream.keys:
            raise fail((*here, name), f"what is watched has no {name}")
        if values:
            filters.append((name, frozenset(values)))
    return tuple(filters)


def listed(value: str | Sequence[str]) -> tuple[str, ...]:
    """Return one text or several as several."""
    return (value,) if isinstance(value, str) else tuple(value)
