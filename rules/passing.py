"""One sample of a subject that comes and goes, as trails keep it.

A file of its own, which is never compiled: compiled classes keep no types of their fields, so that
nothing could be read back into them.
"""

from msgspec import Struct

from contracts.envelope import Evidence, Place

__all__ = ["Passing"]


class Passing(Struct, frozen=True, array_like=True):
    """What a trail keeps of one sample beside its time."""

    values: tuple[float | bool | str | None, ...]
    """Of the fields that the rule reads, in their order."""
    observation: str | None = None
    ended: bool = False
    place: Place | None = None
    evidence: tuple[Evidence, ...] = ()
