"""Errors of foreign formats.

ForeignError            (base of both)
├── ForeignRejected     a message that cannot become readings; ``reason`` is a counter
└── ForeignSkipped      a message that is understood and says nothing new; ``why`` is a counter

Neither is ever retried: the same message would be turned away again.
"""

from enum import StrEnum

__all__ = ["ForeignError", "ForeignReason", "ForeignRejected", "ForeignSkipped", "Skip"]


class ForeignReason(StrEnum):
    """Why a foreign message, or one record of it, was turned away."""

    UNKNOWN_DEVICE = "unknown_device"
    """No device of that foreign id is registered."""
    MALFORMED = "malformed"
    """The payload is not what the format says."""
    BAD_CLOCK = "bad_clock"
    """Its time is none, long before this century's sensors, or ahead of its arrival."""
    NO_BIRTH = "no_birth"
    """Sparkplug data of a node or alias whose birth was not heard."""


class Skip(StrEnum):
    """Why an understood message was not taken."""

    IGNORED = "ignored"
    """Its topic is listed under ``ignore``."""
    RETAINED = "retained"
    """A retained message without a time of its own: nobody knows how old it is."""
    DUPLICATE = "duplicate"
    """The same bytes with the same time had come on this topic before."""
    NOTHING = "nothing"
    """No value that the device's profile knows."""


class ForeignError(Exception):
    """Base of what becomes of a message that is not taken."""


class ForeignRejected(ForeignError):
    """A message that cannot become readings."""

    def __init__(self, reason: ForeignReason, detail: str, device: str = "") -> None:
        super().__init__(detail)
        self.reason = reason
        self.device = device


class ForeignSkipped(ForeignError):
    """A message that is understood and says nothing new."""

    def __init__(self, why: Skip) -> None:
        super().__init__(why.value)
        self.why = why
