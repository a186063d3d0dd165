"""Trails of subjects that come and go: tracks and observations, with who was there and where."""

from collections.abc import Iterator
from typing import Any, Final

import msgspec
from msgspec import structs

from rules.judge import KeyValue
from rules.passing import Passing
from rules.sample import Sample
from rules.trail import Rows, TrailBook

__all__ = ["PassingTrail"]

_NOBODY: Final = Passing(())
_DECODER: Final = msgspec.msgpack.Decoder(list[float | Passing])
_ENCODER: Final = msgspec.msgpack.Encoder()


class PassingTrail(TrailBook):
    """The trails of the keys of one rule over tracks or observations; see :class:`TrailBook`."""

    __slots__ = ()

    def hear(self, value: KeyValue, at: float, sample: Sample) -> None:
        """Put a sample in its place."""
        values = tuple(map(sample.fields.get, self.names))
        if self.names and values == self._nothing and not sample.ended:
            return
        self._record(
            value,
            at,
            Passing(
                values,
                sample.keys.get("observation"),
                sample.ended,
                sample.place,
                sample.evidence,
            ),
        )

    def samples_after(self, value: KeyValue, at: float, late: Sample) -> Iterator[Sample]:
        """Yield the samples after a moment, in order."""
        rows = self._opened(value)
        first = len(rows)
        while first > 2 and rows[first - 2] > at:
            first -= 2
        for index in range(first, len(rows), 2):
            yield self._revived(late, rows[index], rows[index + 1])

    def last_sample(self, value: KeyValue, at: float, late: Sample) -> Sample | None:
        """Return the newest sample up to a moment; None where the trail has none."""
        rows = self._opened(value)
        index = len(rows) - 2
        while index > 0 and rows[index] > at:
            index -= 2
        cell: Passing = rows[index + 1]
        return None if cell is _NOBODY or not index else self._revived(late, rows[index], cell)

    def _revived(self, late: Sample, at: float, cell: Passing) -> Sample:
        keys = late.keys
        if cell.observation is not None:
            keys = {**keys, "observation": cell.observation}
        fields = {
            name: one for name, one in zip(self.names, cell.values, strict=True) if one is not None
        }
        alike = (at, cell.ended, keys, cell.place) == (late.at, late.ended, late.keys, late.place)
        if alike and fields.items() <= late.fields.items():
            return late
        return structs.replace(
            late,
            at=at,
            keys=keys,
            fields=fields,
            ended=cell.ended,
            place=cell.place,
            evidence=cell.evidence,
            message=None,
            sent_at=None,
            offset=None,
        )

    def encode(self, value: KeyValue) -> bytes:
        """Return a key's trail as bytes; equal trails give equal bytes."""
        return _ENCODER.encode(self.rows[value])

    def _read(self, found: bytes | list[Any]) -> Rows:
        rows: Rows = _DECODER.decode(_ENCODER.encode(found))
        if len(rows) < 2 or len(rows) % 2 or any(not isinstance(at, float) for at in rows[0::2]):
            message = "not rows of what comes and goes"
            raise ValueError(message)
        for cell in rows[3::2]:
            if not isinstance(cell, Passing) or len(cell.values) != len(self.names):
                message = "rows of other fields"
                raise ValueError(message)
        return rows

    def _fresh(self, floor: float) -> Rows:
        return [floor, _NOBODY]
