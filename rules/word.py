"""One word of a signal as trails keep it, with who said it.

A file of its own, which is never compiled: compiled classes keep no types of their fields, so that
nothing could be read back into them.
"""

from msgspec import Struct

from contracts.envelope import Discovery, Evidence, Place

__all__ = ["Cell", "Speaker", "Word"]


class Speaker(Struct, frozen=True, array_like=True):
    """Who says something, as its last sample showed it; all its words share one."""

    member: str
    subject: str
    keys: dict[str, str]
    place: Place | None
    discovery: Discovery


class Word(Struct, frozen=True, array_like=True):
    """What a trail keeps of one word beside its time."""

    signal: str
    value: float
    """NaN: the member has nothing to say any more."""
    speaker: Speaker
    evidence: tuple[Evidence, ...] = ()


Cell = tuple[float, str, float, int, tuple[Evidence, ...]]
"""Time, signal, value, number of the speaker and evidence of one word, as bytes have them."""
