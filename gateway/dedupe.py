"""Which messages and statements have been handled: handling twice is handling once.

A message is named by (box, boot_id, channel, seq), a statement about an episode by
(observation_id, rev). Both ledgers are bounded, order does not matter to either, and both can be
written to a checkpoint piece by piece. Source: architecture §3, house-style rule 18.
"""

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import NamedTuple

import msgspec

from contracts.envelope import Channel

__all__ = ["IN_ORDER", "Dedupe", "StatementLedger", "StreamKey", "Verdict"]


IN_ORDER = frozenset({Channel.READINGS, Channel.TRACKS, Channel.COUNTS})
"""Lanes that are taken in the order in which their box numbered them: a timer must not see a sensor's
values swapped because a hub lost one of them. Observations and urgent messages never wait."""


class Verdict(Enum):
    """What became of a message that was shown to the ledger."""

    NEW = "new"
    DUPLICATE = "duplicate"
    REFUSED = "refused"
    """Behind a gap of a lane that is taken in order, or too far ahead of one: not taken, the box
    keeps it and sends it again."""


class StreamKey(NamedTuple):
    """One numbered stream of messages."""

    box: str
    boot_id: str
    channel: Channel


class _Mark:
    """How far a stream has come: everything to ``through``, and single seqs ``beyond`` a gap."""

    __slots__ = ("beyond", "gap_since_s", "knocks", "lowest", "through", "used")

    def __init__(self, through: int = -1, beyond: set[int] | None = None) -> None:
        self.through = through
        self.beyond = beyond or set()
        self.lowest = min(self.beyond, default=None)
        self.gap_since_s: float | None = None
        self.knocks = 0
        self.used = 0

    def settle(self) -> None:
        """Move ``through`` over what is now contiguous and look at the gap afresh."""
        while self.through + 1 in self.beyond:
            self.through += 1
            self.beyond.discard(self.through)
        self.face(min(self.beyond, default=None))

    def face(self, lowest: int | None) -> None:
        """Take ``lowest`` as the first seq beyond the gap; what was counted against it restarts."""
        self.lowest = lowest
        self.gap_since_s = None
        self.knocks = 0


_CODEC = msgspec.json.Encoder()
_MARK_DECODER = msgspec.json.Decoder(tuple[int, list[tuple[int, int]]])
_KNOCKS_BEFORE_GAP = 3
"""A box resends from its lowest unacknowledged row: after so many rounds it has nothing lower."""


def _ranges(seqs: Iterable[int]) -> list[tuple[int, int]]:
    """Return sorted seqs as closed ranges."""
    found: list[tuple[int, int]] = []
    for seq in sorted(seqs):
        if found and found[-1][1] == seq - 1:
            found[-1] = (found[-1][0], seq)
        else:
            found.append((seq, seq))
    return found


class Dedupe:
    """The ledger of messages.

    Every boot counts each channel from 0, so a stream is acknowledged only as far as it is
    contiguous from 0. What a gateway that lost all its state can never see again is given up after
    ``gap_after_s``, once the box has knocked several times with a later message: counted in
    ``missing``, never silent.

    Args:
        max_boots: boots remembered per box; the one used longest ago goes first.
        max_beyond: seqs remembered beyond a gap, per stream; further ones are refused.
        gap_after_s: seconds that a gap must have stood before it may be given up.
        in_order: lanes in which nothing is taken beyond a gap.
    """

    def __init__(
        self,
        *,
        max_boots: int = 64,
        max_beyond: int = 20_000,
        gap_after_s: float = 600.0,
        in_order: frozenset[Channel] = frozenset(),
    ) -> None:
        self._in_order = in_order
        self._max_boots = max_boots
        self._max_beyond = max_beyond
        self._gap_after_s = gap_after_s
        self._marks: dict[tuple[str, str, Channel], _Mark] = {}
        self._boots: dict[str, dict[str, set[Channel]]] = {}
        self._dirty: set[tuple[str, str, Channel]] = set()
        self._uses = 0
        self.missing = 0
        """Messages given up in declared gaps."""

    def observe(
        self, box: str, boot_id: str, channel: Channel, seq: int, *, from_seq: int | None = None
    ) -> Verdict:
        """Return whether a message is new, and take note of it.

        Args:
            box: the box that sent it.
            boot_id: the boot that numbered it.
            channel: the lane that numbered it.
            seq: its number.
            from_seq: where the message stands for a whole range (``dropped.v1``), its first seq.
        """
        key = (box, boot_id, channel)
        mark = self._marks.get(key)
        if mark is None:
            mark = self._open(key)
        self._uses += 1
        mark.used = self._uses
        if from_seq is not None and from_seq < seq:
            return self._fill(key, mark, from_seq, seq)
        if seq <= mark.through or seq in mark.beyond:
            return Verdict.DUPLICATE
        if seq == mark.through + 1:
            mark.through = seq
            if mark.lowest is not None:
                mark.settle()
        else:
            if mark.lowest is None or seq < mark.lowest:
                mark.face(seq)
            if channel in self._in_order or len(mark.beyond) >= self._max_beyond:
                return Verdict.REFUSED
            mark.beyond.add(seq)
        self._dirty.add(key)
        return Verdict.NEW

    def follows(self, key: tuple[str, str, Channel], seq: int) -> bool:
        """Take note of a message that is the next of its stream, as most are; False: it is not.

        What this takes note of is new to :meth:`observe` as well.
        """
        mark = self._marks.get(key)
        if mark is None or seq != mark.through + 1 or mark.lowest is not None:
            return False
        mark.through = seq
        self._uses += 1
        mark.used = self._uses
        self._dirty.add(key)
        return True

    def remember(
        self, box: str, boot_id: str, channel: Channel, seq: int, *, from_seq: int | None = None
    ) -> None:
        """Take note of a message that the journal holds; arguments as for :meth:`observe`.

        Where it lies beyond a gap of a lane that is taken in order, that gap had been given up.
        """
        if channel not in self._in_order:
            self.observe(box, boot_id, channel, seq, from_seq=from_seq)
            return
        key = (box, boot_id, channel)
        mark = self._marks.get(key) or self._open(key)
        self._uses += 1
        mark.used = self._uses
        if seq > mark.through:
            mark.through = seq
            mark.settle()
            self._dirty.add(key)

    def _fill(self, key: tuple[str, str, Channel], mark: _Mark, first: int, last: int) -> Verdict:
        """Take note of a closed range; it is a duplicate only when all of it was known."""
        if last <= mark.through:
            return Verdict.DUPLICATE
        if first <= mark.through + 1:
            mark.through = last
            mark.beyond = {seq for seq in mark.beyond if seq > last}
        elif key[2] in self._in_order or last - first >= self._max_beyond:
            if mark.lowest is None or last < mark.lowest:
                mark.face(last)
            return Verdict.REFUSED
        else:
            fresh = [seq for seq in range(first, last + 1) if seq not in mark.beyond]
            if not fresh:
                return Verdict.DUPLICATE
            if len(mark.beyond) + len(fresh) > self._max_beyond:
                return Verdict.REFUSED
            mark.beyond.update(fresh)
        mark.settle()
        self._dirty.add(key)
        return Verdict.NEW

    def _open(self, key: tuple[str, str, Channel]) -> _Mark:
        box, boot_id, channel = key
        boots = self._boots.setdefault(box, {})
        if boot_id not in boots and len(boots) >= self._max_boots:
            oldest = min(
                boots, key=lambda boot: max(self._marks[box, boot, c].used for c in boots[boot])
            )
            for gone in boots.pop(oldest):
                del self._marks[box, oldest, gone]
                self._dirty.add((box, oldest, gone))
        boots.setdefault(boot_id, set()).add(channel)
        mark = self._marks[key] = _Mark()
        return mark

    def knock(self, box: str, boot_id: str, channel: Channel, seq: int, now_s: float) -> int:
        """Count a resent duplicate that waits beyond a gap; return how many messages it gave up.

        Args:
            box: the box that resent it.
            boot_id: the boot that numbered it.
            channel: the lane that numbered it.
            seq: its number.
            now_s: arrival, seconds since 1970.
        """
        key = (box, boot_id, channel)
        mark = self._marks.get(key)
        if mark is None or seq != mark.lowest:
            return 0
        if mark.gap_since_s is None:
            mark.gap_since_s = now_s
        mark.knocks += 1
        if mark.knocks < _KNOCKS_BEFORE_GAP or now_s - mark.gap_since_s < self._gap_after_s:
            return 0
        given_up = seq - mark.through - 1
        mark.through = seq - 1
        mark.settle()
        self._dirty.add(key)
        self.missing += given_up
        return given_up

    def through(self, box: str, boot_id: str, channel: Channel) -> int:
        """Return the highest seq up to which a stream is complete, -1 where nothing is."""
        mark = self._marks.get((box, boot_id, channel))
        return -1 if mark is None else mark.through

    def waiting(self) -> int:
        """Return how many messages wait beyond a gap, over all streams."""
        return sum(len(mark.beyond) for mark in list(self._marks.values()))

    def waiting_by_box(self) -> dict[str, int]:
        """Return how many messages of each box wait beyond a gap; boxes without are left out."""
        found: dict[str, int] = {}
        for (box, _, _), mark in list(self._marks.items()):
            if mark.beyond:
                found[box] = found.get(box, 0) + len(mark.beyond)
        return found

    def take_dirty(self) -> dict[str, bytes | None]:
        """Return the marks that changed since the last call; None for those that are gone."""
        blobs: dict[str, bytes | None] = {}
        for key in self._dirty:
            mark = self._marks.get(key)
            blobs["/".join(key)] = (
                None if mark is None else _CODEC.encode((mark.through, _ranges(mark.beyond)))
            )
        self._dirty.clear()
        return blobs

    def restore(self, blobs: Mapping[str, bytes]) -> None:
        """Take back marks that :meth:`take_dirty` gave out."""
        for name, blob in blobs.items():
            box, boot_id, channel = name.split("/")
            through, ranges = _MARK_DECODER.decode(blob)
            key = (box, boot_id, Channel(channel))
            self._boots.setdefault(box, {}).setdefault(boot_id, set()).add(key[2])
            beyond = {seq for first, last in ranges for seq in range(first, last + 1)}
            self._marks[key] = _Mark(through, beyond)


class StatementLedger:
    """The highest revision heard of each episode; of two statements the higher ``rev`` wins.

    Bounded: the episode heard of longest ago is forgotten first. ``offset`` (of the journal record)
    gives that order, so that a ledger restored from a checkpoint forgets as the first one would.
    """

    _decoder = msgspec.json.Decoder(tuple[int, int])

    def __init__(self, capacity: int = 200_000) -> None:
        self._capacity = capacity
        self._revs: dict[str, tuple[int, int]] = {}
        self._dirty: set[str] = set()

    def observe(self, episode: str, rev: int, offset: int) -> bool:
        """Return whether a statement says something newer than what was heard of its episode."""
        heard = self._revs.get(episode)
        if heard is not None:
            if rev <= heard[0]:
                return False
            del self._revs[episode]
        self._revs[episode] = (rev, offset)
        self._dirty.add(episode)
        if len(self._revs) > self._capacity:
            oldest = next(iter(self._revs))
            del self._revs[oldest]
            self._dirty.add(oldest)
        return True

    def take_dirty(self) -> dict[str, bytes | None]:
        """Return the episodes that changed since the last call; None for those forgotten."""
        blobs: dict[str, bytes | None] = {}
        for episode in self._dirty:
            heard = self._revs.get(episode)
            blobs[episode] = None if heard is None else _CODEC.encode(heard)
        self._dirty.clear()
        return blobs

    def restore(self, blobs: Mapping[str, bytes]) -> None:
        """Take back episodes that :meth:`take_dirty` gave out."""
        heard = [(episode, self._decoder.decode(blob)) for episode, blob in blobs.items()]
        for episode, entry in sorted(heard, key=lambda item: item[1][1]):
            self._revs[episode] = entry
