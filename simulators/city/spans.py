"""Spans and moments of a scenario's document, and the errors they give."""

from collections.abc import Callable, Sequence

from simulators.duration import parse_duration

__all__ = ["ErrorFactory", "Path", "moment_s", "span_s"]

Path = Sequence[str | int]
ErrorFactory = Callable[[Path, str], Exception]
"""Makes the error for the value at a path of the document; the caller knows file and line."""


def span_s(text: str, path: Path, error: ErrorFactory) -> float:
    """Return a span in seconds.

    Raises:
        Exception: what ``error`` makes: the text is no duration.
    """
    try:
        return parse_duration(text)
    except ValueError as failure:
        raise error(path, str(failure)) from failure


def moment_s(text: str, path: Path, lasts_s: float, error: ErrorFactory) -> float:
    """Return a moment in seconds since the start.

    Raises:
        Exception: what ``error`` makes: no duration, or not before the scenario's end.
    """
    at_s = span_s(text, path, error)
    if at_s >= lasts_s:
        raise error(
            path, f"at {at_s:g} s: the scenario ends at {lasts_s:g} s; choose an earlier time"
        )
    return at_s
