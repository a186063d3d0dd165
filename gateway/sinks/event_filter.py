"""Which events a sink gets."""

from collections.abc import Sequence
from fnmatch import fnmatchcase

import msgspec

__all__ = ["EventFilter"]


class _Head(msgspec.Struct):
    """The part of an event that is asked about."""

    event_type: str
    level: str
    district: str
    phase: str


_DECODER = msgspec.json.Decoder(_Head)


class EventFilter:
    """Levels, types, districts and phases; an empty list lets everything pass.

    Args:
        levels: wanted levels.
        event_types: wanted types, ``*`` and ``?`` standing for any text and any character.
        districts: wanted districts.
        phases: wanted phases: open, update, end.
    """

    def __init__(
        self,
        *,
        levels: Sequence[str] = (),
        event_types: Sequence[str] = (),
        districts: Sequence[str] = (),
        phases: Sequence[str] = (),
    ) -> None:
        self._levels = frozenset(levels)
        self._types = tuple(event_types)
        self._districts = frozenset(districts)
        self._phases = frozenset(phases)

    def wants(self, body: bytes) -> bool:
        """Return whether an encoded event is wanted; one that cannot be read is."""
        try:
            head = _DECODER.decode(body)
        except msgspec.DecodeError:
            return True
        return (
            (not self._levels or head.level in self._levels)
            and (not self._districts or head.district in self._districts)
            and (not self._phases or head.phase in self._phases)
            and (not self._types or any(fnmatchcase(head.event_type, t) for t in self._types))
        )
