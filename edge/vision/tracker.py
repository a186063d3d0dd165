"""Multi-object tracking after ByteTrack: weak boxes keep tracks alive, strong ones start them.

Source: Zhang et al., ByteTrack: Multi-Object Tracking by Associating Every Detection Box, ECCV
2022. Written from the paper; what differs: everything is measured in seconds of presentation time,
the filter is the one of :mod:`edge.vision.motion_model`, and the class is voted over the life of a
track instead of deciding who may be matched.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from edge.vision.association import Pairs, assign, overlap
from edge.vision.detections import Detections
from edge.vision.motion_model import MotionModel
from edge.vision.recollection import RememberedTrack
from edge.vision.tracks import Tracks

__all__ = ["Tracker", "Unlooked"]

_MOMENT_S = 0.001
"""How long ago a track of an earlier run counts as seen."""

_NO_PAIRS = Pairs(np.empty(0, np.int64), np.empty(0, np.int64))

Unlooked = Callable[[NDArray[np.int64], NDArray[np.float32]], NDArray[np.bool_]]
"""Tells which of some tracks, given ids (n,), -1 where unconfirmed, and boxes (n, 4), were not looked for."""


class Tracker:
    """Gives detections identities that last; one instance for one camera, for one thread.

    Args:
        names: class names of the detector.
        high_confidence: from here on a detection may be matched first, 0..1. Default 0.4.
        low_confidence: weaker detections are ignored, 0..1. Default 0.1.
        new_confidence: from here on an unmatched detection starts a track, 0..1. Default 0.45.
        match_iou: least overlap with a strong detection, 0..1. Default 0.2.
        weak_match_iou: least overlap with a weak detection, 0..1. Default 0.4.
        class_penalty: taken off the overlap where the class is another. Default 0.1.
        min_hits: detections until a track is confirmed. Default 3.
        sure_confidence: and least mean confidence of them, 0..1; once confirmed it stays so. Default 0.
        tentative_s: an unconfirmed track ends after so many seconds unseen. Default 0.3.
        lost_s: a confirmed track ends after so many seconds unseen. Default 1.5.
        most: tracks, confirmed or not, beyond which none is started. Default 500: more than any
            crowd that a street camera tells apart, and still a bound on what a fault can cost.

    Ids begin at 1 and are never used twice, also not after :meth:`reset`.

    Attributes:
        capped: detections that could not start a track because there were too many.
    """

    def __init__(
        self,
        names: tuple[str, ...],
        *,
        high_confidence: float = 0.4,
        low_confidence: float = 0.1,
        new_confidence: float = 0.45,
        match_iou: float = 0.2,
        weak_match_iou: float = 0.4,
        class_penalty: float = 0.1,
        min_hits: int = 3,
        sure_confidence: float = 0.0,
        tentative_s: float = 0.3,
        lost_s: float = 1.5,
        most: int = 500,
    ) -> None:
        self.capped = 0
        self._most = most
        self._names = names
        self._high = high_confidence
        self._low = low_confidence
        self._new = new_confidence
        self._match_iou = match_iou
        self._weak_match_iou = weak_match_iou
        self._class_penalty = class_penalty
        self._min_hits = min_hits
        self._sure = sure_confidence
        self._tentative_s = tentative_s
        self._lost_s = lost_s
        self._next_id = 1
        self._recalled: tuple[RememberedTrack, ...] = ()
        self.reset()

    def reset(self) -> None:
        """Forget every track: what comes next does not continue what was."""
        self._motion = MotionModel()
        self._last = Tracks.empty(self._names)
        self._pts_s: float | None = None
        self._id = np.empty(0, np.int64)
        self._seen_xyxy = np.empty((0, 4), np.float32)
        self._confidence = np.empty(0, np.float32)
        self._votes = np.empty((0, len(self._names)))
        self._voted = np.empty(0, np.int32)
        self._born_s = np.empty(0)
        self._seen_s = np.empty(0)
        self._hits = np.empty(0, np.int32)

    @property
    def next_id(self) -> int:
        """The first number that was never given."""
        return self._next_id

    def recall(self, tracks: Sequence[RememberedTrack], next_id: int) -> None:
        """Look for tracks of an earlier run in the first frame; numbers go on from ``next_id``.

        Who is not seen there within the patience for lost tracks is forgotten. Classes that the
        detector no longer has are left out.
        """
        self._next_id = max(self._next_id, next_id)
        self._recalled = tuple(one for one in tracks if one.label in self._names)

    def _revive(self, pts_s: float) -> None:
        recalled, self._recalled = self._recalled, ()
        if not recalled or len(self._id) > 0:
            return
        found = Detections(
            np.asarray([one.xyxy for one in recalled], np.float32),
            np.asarray([max(one.confidence, self._new) for one in recalled], np.float32),
            np.asarray([self._names.index(one.label) for one in recalled], np.int32),
            self._names,
        )
        # a moment ago, so that nobody counts as seen before he is
        self._start(found, pts_s - _MOMENT_S)
        self._id = np.asarray([one.id for one in recalled], np.int64)[: len(self._id)]
        self._hits[:] = self._min_hits

    def learn_names(self, names: tuple[str, ...]) -> None:
        """Take class names that were added after those that are known; tracks go on.

        Args:
            names: the known names, in their order, and perhaps more.
        """
        more = len(names) - len(self._names)
        self._votes = np.pad(self._votes, ((0, 0), (0, more)))
        self._names = names

    def start_from(self, confidence: float) -> None:
        """Let unmatched detections start a track from this confidence (0..1) on; tracks stay."""
        self._new = confidence

    @property
    def unsettled(self) -> bool:
        """Whether something was found that is not confirmed yet."""
        return bool((self._hits < self._min_hits).any())

    def alive(self) -> Tracks:
        """Return the confirmed tracks as of the last update."""
        return self._last

    def update(
        self, detections: Detections, pts_s: float, *, unlooked: Unlooked | None = None
    ) -> Tracks:
        """Return the confirmed tracks after the detections of one frame.

        Args:
            detections: of one frame, all strengths; empty is fine.
            pts_s: presentation time of the frame in seconds, not before the last one.
            unlooked: which tracks nobody looked for, given their ids and boxes: unmatched, they
                are still there as after :meth:`hold`. Default: all were looked for.

        Raises:
            ValueError: time ran backwards.
        """
        before = self._pts_s
        if before is None:
            self._revive(pts_s)
        elapsed_s = self._advance(pts_s)
        self._motion.predict(elapsed_s)
        confidence = detections.confidence
        strong = confidence >= self._high
        weak = (confidence >= self._low) & ~strong
        free = np.ones(len(self._id), bool)
        if len(free) > 0 and len(confidence) > 0:
            confirmed = self._is_confirmed()
            likeness = self._likeness(detections)
            pairs = [_match(likeness, free & confirmed, strong, self._match_iou, free)]
            strong[pairs[0].columns] = False
            # a track that was lost does not come back on the word of a weak box
            fresh = self._seen_s >= pts_s - max(2.5 * elapsed_s, self._tentative_s)
            fresh &= free & confirmed
            pairs.append(_match(likeness, fresh, weak, self._weak_match_iou, free))
            pairs.append(_match(likeness, free & ~confirmed, strong, self._match_iou, free))
            strong[pairs[2].columns] = False
            self._book(_joined(pairs), detections, pts_s)
        if unlooked is not None and before is not None:
            resting = free & (self._seen_s >= before)
            resting[resting] = unlooked(self._id[resting], self._seen_xyxy[resting])
            self._rest(resting, pts_s)

        self._bury(pts_s)
        strong &= confidence >= self._new
        if strong.any():
            self._start(detections.mask(strong), pts_s)
        return self._confirmed(pts_s)

    def hold(self, pts_s: float) -> Tracks:
        """Return the tracks for a frame that the motion gate found unchanged.

        Nothing was detected because nobody looked: tracks seen last time are still there, where
        they were, standing still. Tracks that were lost already go on ageing.

        Raises:
            ValueError: time ran backwards.
        """
        before = self._pts_s
        self._advance(pts_s)
        if before is not None:
            self._rest(self._seen_s >= before, pts_s)
        self._bury(pts_s)
        return self._confirmed(pts_s)

    def _rest(self, rows: NDArray[np.bool_], pts_s: float) -> None:
        """Book tracks as still there, standing where they were seen."""
        self._seen_s[rows] = pts_s
        self._motion.stop(rows)

    def _advance(self, pts_s: float) -> float:
        before = pts_s if self._pts_s is None else self._pts_s
        if pts_s < before:
            msg = (
                f"tracker: presentation time went from {before:.3f} s back to {pts_s:.3f} s; "
                "call reset() at a discontinuity"
            )
            raise ValueError(msg)
        self._pts_s = pts_s
        return pts_s - before

    def _likeness(self, detections: Detections) -> NDArray[np.float64]:
        """Return how well each track (rows) fits each detection, of whatever strength."""
        likeness = overlap(self._motion.boxes(), detections.xyxy)
        likeness -= self._class_penalty * (self._voted[:, None] != detections.class_id)
        return likeness

    def _book(self, pairs: Pairs, detections: Detections, pts_s: float) -> None:
        rows, columns = pairs
        if len(rows) == 0:
            return
        boxes, confidence = detections.xyxy[columns], detections.confidence[columns]
        self._motion.correct(rows, boxes)
        self._seen_xyxy[rows] = boxes
        self._confidence[rows] = confidence
        self._votes[rows, detections.class_id[columns]] += confidence
        self._voted[rows] = self._votes[rows].argmax(axis=1)
        self._seen_s[rows] = pts_s
        self._hits[rows] += 1

    def _start(self, found: Detections, pts_s: float) -> None:
        room = max(self._most - len(self._id), 0)
        if len(found) > room:
            self.capped += len(found) - room
            strongest = np.argsort(-found.confidence, kind="stable")[:room]
            found = found.mask(_rows(strongest, len(found)))
        count = len(found)
        if count == 0:
            return
        votes = np.zeros((count, len(self._names)))
        votes[np.arange(count), found.class_id] = found.confidence
        self._motion.append(found.xyxy)
        self._id = np.concatenate((self._id, np.full(count, -1)))
        self._seen_xyxy = np.concatenate((self._seen_xyxy, found.xyxy))
        self._confidence = np.concatenate((self._confidence, found.confidence))
        self._votes = np.concatenate((self._votes, votes))
        self._voted = np.concatenate((self._voted, votes.argmax(axis=1).astype(np.int32)))
        self._born_s = np.concatenate((self._born_s, np.full(count, pts_s)))
        self._seen_s = np.concatenate((self._seen_s, np.full(count, pts_s)))
        self._hits = np.concatenate((self._hits, np.ones(count, np.int32)))

    def _bury(self, pts_s: float) -> None:
        patience_s = np.where(self._is_confirmed(), self._lost_s, self._tentative_s)
        alive = pts_s - self._seen_s <= patience_s
        if alive.all():
            return
        self._motion.keep(alive)
        self._id, self._confidence = self._id[alive], self._confidence[alive]
        self._seen_xyxy, self._votes = self._seen_xyxy[alive], self._votes[alive]
        self._born_s, self._seen_s = self._born_s[alive], self._seen_s[alive]
        self._hits, self._voted = self._hits[alive], self._voted[alive]

    def _is_confirmed(self) -> NDArray[np.bool_]:
        """Return which tracks count: bool (n,)."""
        often = self._hits >= self._min_hits
        if self._sure <= 0.0:
            return often
        sure: NDArray[np.bool_] = self._votes.sum(axis=1) >= self._sure * self._hits
        return often & (sure | (self._id >= 0))

    def _confirmed(self, pts_s: float) -> Tracks:
        """Number the newly confirmed tracks and return all confirmed ones."""
        confirmed = self._is_confirmed()
        (new,) = (confirmed & (self._id < 0)).nonzero()
        if len(new) > 0:
            self._id[new] = np.arange(self._next_id, self._next_id + len(new))
            self._next_id += len(new)
        unseen_s = pts_s - self._seen_s
        unseen, boxes = unseen_s > 0, self._seen_xyxy
        if unseen.any():
            boxes = np.where(unseen[:, None], self._motion.boxes(), boxes)
        self._last = Tracks(
            self._id[confirmed],
            boxes[confirmed],
            self._confidence[confirmed],
            self._voted[confirmed],
            pts_s - self._born_s[confirmed],
            self._hits[confirmed],
            unseen_s[confirmed],
            self._names,
        )
        return self._last


def _rows(indices: NDArray[np.int64], count: int) -> NDArray[np.bool_]:
    rows = np.zeros(count, bool)
    rows[indices] = True
    return rows


def _match(
    likeness: NDArray[np.float64],
    tracks: NDArray[np.bool_],
    detections: NDArray[np.bool_],
    floor: float,
    free: NDArray[np.bool_],
) -> Pairs:
    """Pair some tracks, bool (n,), with some detections, bool (m,); who has found one is free no more."""
    (rows,), (columns,) = tracks.nonzero(), detections.nonzero()
    if len(rows) == 0 or len(columns) == 0:
        return _NO_PAIRS
    pairs = assign(likeness[rows[:, None], columns], floor)
    pairs = Pairs(rows[pairs.rows], columns[pairs.columns])
    free[pairs.rows] = False
    return pairs


def _joined(pairs: Sequence[Pairs]) -> Pairs:
    """Return pairs of several rounds, in which nobody is twice, as one."""
    made = [one for one in pairs if len(one.rows) > 0]
    if len(made) == 1:
        return made[0]
    if not made:
        return _NO_PAIRS
    rows, columns = zip(*made, strict=True)
    return Pairs(np.concatenate(rows), np.concatenate(columns))
