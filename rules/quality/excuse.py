"""Excuses: what other sensors say that makes a value that stands still no fault of its sensor.

Water that nothing moves does not move: where the rain gauges of a place say that it is dry, the time
during which a level stands still does not count against its probe.
"""

import math
from collections.abc import Mapping
from typing import Final

import msgspec
from msgspec import Struct

from rules.expression import Node, evaluate
from rules.vocabulary import FieldTable

__all__ = ["MAX_WITNESSES", "PLACES", "Excuse", "Grounds"]

PLACES: Final = ("site", "district", "box")
"""What witness and sensor may have in common."""
MAX_WITNESSES: Final = 64
"""Most witnesses of one place; further ones are not heard."""

Value = float | bool | str


class Excuse(Struct, frozen=True, kw_only=True):
    """What witnesses have to say."""

    profile: str
    """Profile of the witnesses."""
    node: Node
    text: str
    """The condition, and as written."""
    fields: FieldTable
    by: str
    """Which place they share with the sensor."""
    fresh_s: float
    """How long the word of a witness counts, seconds of event time."""

    @property
    def identity(self) -> str:
        """What tells it from another one."""
        return f"{self.profile}|{self.text}|{self.by}|{self.fresh_s}"


class _Record(Struct, frozen=True, array_like=True):
    identity: str
    last: float
    said: dict[str, tuple[float, bool]]


_ENCODER: Final = msgspec.msgpack.Encoder(order="deterministic")
_DECODER: Final = msgspec.msgpack.Decoder(_Record)


class Grounds:
    """What was said at one place: the excuse holds while every witness with a fresh word agrees.

    Args:
        rule: the rule whose gates are excused.
        place: the place.
    """

    __slots__ = ("_excuse", "_identity", "_last", "_said", "place", "rule")

    def __init__(self, rule: str, place: str) -> None:
        self.rule = rule
        self.place = place
        self._excuse: Excuse | None = None
        self._identity = ""
        self._last = -math.inf
        self._said: dict[str, tuple[float, bool]] = {}

    def adopt(self, excuse: Excuse) -> bool:
        """Take an excuse for the one that this was said for; False: it was said for another."""
        if excuse is not self._excuse:
            identity = excuse.identity
            if self._identity not in {"", identity}:
                return False
            self._excuse, self._identity = excuse, identity
        return True

    def hear(self, witness: str, at: float, fields: Mapping[str, Value]) -> bool:
        """Hear a witness; return whether that changed anything. An older word than its last is none."""
        if self._excuse is None:
            return False
        before = self._said.get(witness)
        if before is not None and before[0] >= at:
            return False
        truth = evaluate(self._excuse.node, fields, self._excuse.fields)
        if not isinstance(truth, bool):
            return self._said.pop(witness, None) is not None
        if before is None and len(self._said) >= MAX_WITNESSES:
            self._said = {w: word for w, word in self._said.items() if self._fresh(word[0], at)}
            if len(self._said) >= MAX_WITNESSES:
                return False
        self._said[witness] = (at, truth)
        if self._holds(at):
            self._last = max(self._last, at)
        return True

    def until(self, at: float) -> float:
        """Return up to which moment nothing counts, as seen at ``at``; -inf: everything does."""
        return at if self._holds(at) else self._last

    def _holds(self, at: float) -> bool:
        fresh = [truth for said_at, truth in self._said.values() if self._fresh(said_at, at)]
        return bool(fresh) and all(fresh)

    def _fresh(self, said_at: float, at: float) -> bool:
        return self._excuse is not None and said_at > at - self._excuse.fresh_s

    def encode(self) -> bytes:
        """Return the state as bytes; equal states give equal bytes."""
        return _ENCODER.encode((self._identity, self._last, self._said))

    def decode(self, blob: bytes) -> None:
        """Take back a state.

        Raises:
            msgspec.DecodeError: the bytes are none.
        """
        found = _DECODER.decode(blob)
        self._identity, self._last, self._said = found.identity, found.last, found.said
