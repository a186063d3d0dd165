"""Which pictures go with an event: those of the message that opened it, and of the one that decides."""

from typing import Final

from msgspec import structs

from contracts.envelope import Evidence
from contracts.event import EventPhase
from rules.breach import Breach
from rules.key_state import KeyState

__all__ = ["FRAMES", "with_pictures"]

FRAMES: Final = ("first", "last")
"""What ``evidence.frames`` may name."""


def with_pictures(state: KeyState, breach: Breach) -> Breach:
    """Return a statement with the pictures that its rule asks for, and keep the first ones.

    The first ones are those of the first statement that has any. A statement that the clock brings
    about has the pictures of the message before it, where that is still known.
    """
    frames = breach.event.frames
    if frames == ("last",):
        return breach
    found: dict[str, Evidence] = {}
    if "first" in frames:
        more = state.operators()
        if breach.phase is EventPhase.OPEN or not more.pictures:
            more.pictures = breach.evidence
        found |= {one.sha256: one for one in more.pictures}
        if breach.phase is EventPhase.END:
            more.pictures = ()
    if "last" in frames:
        found |= {one.sha256: one for one in breach.evidence}
    return structs.replace(breach, evidence=tuple(found.values()))
