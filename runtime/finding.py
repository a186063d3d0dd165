"""What a check found out."""

from enum import StrEnum

from msgspec import Struct

__all__ = ["Finding", "Verdict"]


class Verdict(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARN = "warn"
    """It works, but something may be lost or refused under load or in an accident."""
    FAIL = "fail"
    """It does not work, or messages will be lost."""
    SKIP = "skip"
    """It could not be checked."""


class Finding(Struct, frozen=True, kw_only=True):
    """One check's result, with what to do about it."""

    check: str
    verdict: Verdict
    detail: str
    advice: str = ""
