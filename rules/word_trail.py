"""Trails of the words of signals: who said what and when, for keys that several members speak to."""

from bisect import bisect_right
from collections.abc import Iterator
from typing import Any, Final

import msgspec
from msgspec import structs

from contracts.envelope import Discovery
from rules.judge import KeyValue
from rules.sample import Sample
from rules.signals import MEMBER, Signal
from rules.trail import Rows, TrailBook
from rules.word import Cell, Speaker, Word

__all__ = ["MOST_WORDS", "WordTrail"]

MOST_WORDS: Final = 512
"""Most words of one key that a late one can be put among. Source: ten minutes of 8 members of a 10 s cadence."""
_FEWEST_SPARE: Final = 32
_CUT_CELLS: Final = 128
"""Cells between two looks at what a trail no longer needs."""
_SILENCE: Final = Word("", 0.0, Speaker("", "", {}, None, Discovery.AUTOMATIC))
_ENCODER: Final = msgspec.msgpack.Encoder(order="deterministic")
_DECODER: Final = msgspec.msgpack.Decoder(tuple[float, list[Speaker], list[Cell]])


class WordTrail(TrailBook):
    """The trails of the keys of one rule with signals; see :class:`TrailBook`.

    Args:
        name: name among the trails of an engine.
        names: signals that the rule's conditions read.
        reach_s: how far back a trail goes, in seconds before its newest word.
        signals: the rule's signals.
    """

    __slots__ = ("_speakers", "signals")

    def __init__(
        self, name: str, names: tuple[str, ...], reach_s: float, signals: tuple[Signal, ...]
    ) -> None:
        super().__init__(name, names, reach_s)
        self.signals = signals
        self._speakers: dict[KeyValue, dict[str, Speaker]] = {}
        """Who speaks in each trail, by member; made anew from the trail where it is not there."""

    def hear(self, value: KeyValue, at: float, sample: Sample) -> None:
        """Put a word in its place."""
        for signal, said in sample.fields.items():
            assert isinstance(said, float)
            speaker = self._speaker(value, sample)
            self._record(value, at, Word(signal, said, speaker, sample.evidence))

    def _record(self, value: KeyValue, at: float, cell: Word) -> None:
        rows = self.rows.get(value)
        if rows is None:
            rows = self.rows[value] = self._fresh(float("-inf"))
        elif at <= rows[0] or rows[-2] - at > self.reach_s:
            return
        index = len(rows)
        while index > 2 and rows[index - 2] > at:
            index -= 2
        rows[index:index] = (at, cell)
        if not len(rows) % _CUT_CELLS:
            self._cut_of(value, rows)

    def strike(self, value: KeyValue, sample: Sample) -> bool:
        """Take a word out; return whether the member had said anything of that signal at that moment."""
        rows: Rows = self.rows.get(value, [])
        member = sample.keys.get(MEMBER, sample.subject)
        for index in range(2, len(rows), 2):
            word: Word = rows[index + 1]
            said = rows[index] == sample.at and word.signal in sample.fields
            if said and word.speaker.member == member:
                del rows[index : index + 2]
                return True
        return False

    def samples_after(self, value: KeyValue, at: float, late: Sample) -> Iterator[Sample]:
        """Yield the words after a moment, in order, as samples of one signal each."""
        rows = self._opened(value)
        first = len(rows)
        while first > 2 and rows[first - 2] > at:
            first -= 2
        for index in range(first, len(rows), 2):
            yield _revived(late, rows[index], rows[index + 1])

    def last_sample(self, value: KeyValue, at: float, late: Sample) -> Sample | None:
        """Return the newest word up to a moment; None where the trail has none."""
        rows = self._opened(value)
        index = len(rows) - 2
        while index > 0 and rows[index] > at:
            index -= 2
        cell: Word = rows[index + 1]
        return None if cell is _SILENCE or not index else _revived(late, rows[index], cell)

    def continues(self, before: TrailBook) -> bool:
        """Return whether the words of another book's trails are words of this one's signals."""
        return isinstance(before, WordTrail) and self.signals == before.signals

    def encode(self, value: KeyValue) -> bytes:
        """Return a key's trail as bytes; equal trails give equal bytes."""
        rows = self.rows[value]
        numbers: dict[int, int] = {}
        kept: dict[bytes, int] = {}
        cells: list[object] = []
        speakers: list[Speaker] = []
        for index in range(2, len(rows), 2):
            word: Word = rows[index + 1]
            number = numbers.get(id(word.speaker))
            if number is None:
                # equal ones need not be one object
                number = kept.setdefault(_ENCODER.encode(word.speaker), len(kept))
                numbers[id(word.speaker)] = number
                if number == len(speakers):
                    speakers.append(word.speaker)
            cells.append((rows[index], word.signal, word.value, number, word.evidence))
        return _ENCODER.encode((rows[0], speakers, cells))

    def _read(self, found: bytes | list[Any]) -> Rows:
        floor, speakers, cells = _DECODER.decode(_ENCODER.encode(found))
        rows: list[Any] = self._fresh(floor)
        for at, signal, value, number, evidence in cells:
            if not 0 <= number < len(speakers):
                message = "words of nobody"
                raise ValueError(message)
            rows += (at, Word(signal, value, speakers[number], evidence))
        return rows

    def _fresh(self, floor: float) -> list[Any]:
        return [floor, _SILENCE]

    def _keep(self, value: KeyValue, rows: Rows) -> None:
        self._speakers.pop(value, None)
        self.rows[value] = rows

    def _speaker(self, value: KeyValue, sample: Sample) -> Speaker:
        """Return who speaks, the same object as long as nothing about him changes."""
        known = self._speakers.get(value)
        if known is None:
            known = self._speakers[value] = _speakers_of(self.rows.get(value, ()))
        member = sample.keys.get(MEMBER, sample.subject)
        speaker = known.get(member)
        if (
            speaker is None
            or speaker.keys != sample.keys
            or speaker.place != sample.place
            or speaker.discovery is not sample.discovery
        ):
            speaker = known[member] = Speaker(
                member, sample.subject, sample.keys, sample.place, sample.discovery
            )
        return speaker

    def _cut_of(self, value: KeyValue, rows: Rows) -> None:
        """Forget what is out of reach, but for what a key is gone through anew from."""
        speakers = self._speakers[value] = _speakers_of(rows)
        spare = max(_FEWEST_SPARE, 2 * len(speakers))
        oldest = max(0, len(rows) // 2 - 1 - MOST_WORDS)
        past = bisect_right(rows[0::2], rows[-2] - self.reach_s) - 1 - spare
        del rows[: 2 * max(oldest, past)]


def _speakers_of(rows: Rows | tuple[()]) -> dict[str, Speaker]:
    """Return who speaks in a trail, each as his newest word has him."""
    return {word.speaker.member: word.speaker for word in rows[3::2]}


def _revived(late: Sample, at: float, word: Word) -> Sample:
    """Return a word of the trail as a sample; the late one itself, where it is that."""
    speaker = word.speaker
    if at == late.at and speaker.keys == late.keys and word.signal in late.fields:
        return late
    return structs.replace(
        late,
        subject=speaker.subject,
        at=at,
        keys=speaker.keys,
        fields={word.signal: word.value},
        place=speaker.place,
        evidence=word.evidence,
        discovery=speaker.discovery,
        message=None,
        sent_at=None,
        offset=None,
    )
