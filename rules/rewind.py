"""Late samples: a key goes back to before one, and through everything since anew.

Nobody waits for late data: alarms are judged on arrival. A sample that comes out of order within the
allowed lateness takes its place in the trail; the key goes back to its last mark before that place, and
what would have been said from there on is drafted. Where that differs from what was said, revisions go
out; see :mod:`rules.revision`.
"""

from msgspec.structs import replace

from rules.breach import Breach
from rules.drafts import Drafts
from rules.key_life import KeyLife
from rules.key_past import Mark, Past
from rules.key_state import KeyState
from rules.revision import Reviser
from rules.sample import Sample
from rules.statement import holding
from rules.trail import TrailBook

__all__ = ["Rewind"]


class Rewind:
    """Judges late samples. The trail already has them when it is asked.

    Args:
        life: moves key states on.
        counters: the engine's counters.
    """

    def __init__(self, life: KeyLife, counters: dict[str, int]) -> None:
        self._life = life
        self._counters = counters
        self._reviser = Reviser(life, counters)

    def reaches(self, state: KeyState, sample: Sample, at: float) -> bool:
        """Whether a sample older than its key's last one can still be judged in its place."""
        running, past = state.running, state.past
        book = running.book
        if book is None or (sample.ended and not running.passes) or running.silent_on(sample):
            return False
        floor = book.floor(state.value)
        if past is not None:
            floor = max(floor, past.floor)
            if running.merges and not self._is_marked(past, book.floor(state.value), at):
                return False
        return at > floor and state.last_at - at <= running.rule.late_s

    def place(self, state: KeyState, sample: Sample, at: float) -> float:
        """Put a word of a signal in its place in the trail; return when it is to be judged.

        Members differ in delay: a word that is too late for its place is judged in the key's present,
        so that it counts as long as it is fresh, and counted as ``delayed``.

        Args:
            state: its key.
            sample: the word.
            at: its event time.
        """
        book, past = state.running.book, state.past
        present = state.last_at if past is None else max(state.last_at, past.settled_at)
        if at >= present or self.reaches(state, sample, at):
            if book is None:
                return at
            book.hear(state.value, at, sample)
            # in a full trail there may be no room for it
            if at >= present or self.reaches(state, sample, at):
                return at
        elif book is not None:
            book.hear(state.value, present, sample)
        self._counters["delayed"] += 1
        return present

    @staticmethod
    def _is_marked(past: Past, floor: float, at: float) -> bool:
        """Whether there is a mark before a moment that all samples since are known of."""
        index = past.mark_before(at)
        return index >= 0 and past.marks[index].after >= floor

    def judge(
        self, state: KeyState, sample: Sample, at: float, now: float, breaches: list[Breach]
    ) -> None:
        """Judge a late sample in its place, and everything after it anew.

        Args:
            state: its key.
            sample: the late sample.
            at: its event time.
            now: when it arrived.
            breaches: takes the revisions.
        """
        book = state.running.book
        assert book is not None
        told, lag = state.episode, state.lag
        if state.running.passes and at >= state.last_at:
            # the clock had let the subject go: this is its newest sample all the same
            lag = now - at
        known = () if state.past is None else state.past.told
        mark, after = self._base(state, book, at)
        state.go_back(mark)
        state.last_at, state.episode = after, None
        state.sample = book.last_sample(state.value, after, sample)
        state.refresh()
        drafts = self._life.marks.drafts = Drafts(mark.held)
        try:
            self._go_through(state, sample, book, after)
            state.lag = lag
            ticked_at = self._life.standing.ticked_at
            if ticked_at is not None:
                self._life.settle_by_clock(state, ticked_at, [])
                self._life.leave_by_clock(state, ticked_at, [])
        finally:
            self._life.marks.drafts = None
        state.episode = told
        if told is not None:
            known = (*known, told)
        self._reviser.revise(state, known, drafts.episodes, after, sample, now, breaches)
        state.refresh()
        state.mask = -1
        if not state.keep:
            state.sample = None

    def _base(self, state: KeyState, book: TrailBook, at: float) -> tuple[Mark, float]:
        """Return what a key was before a moment, and after which sample."""
        past = state.past
        if past is not None:
            index = past.mark_before(at)
            if index >= 0:
                mark, floor = past.marks[index], book.floor(state.value)
                if mark.after < floor and mark.moved_at <= floor:
                    # what moved it is no longer in the trail: it is what it became by that
                    later = past.marks[index + 1 : index + 2]
                    mark = replace(later[0] if later else state.mark(holding(state)), after=floor)
                del past.marks[index + 1 :]
                past.since_mark = 0
                return mark, mark.after
        before = book.before(state.value, at)
        if past is not None and past.marks:
            # nothing happened to the key before its first mark
            mark = past.marks[0]
            past.marks.clear()
            return mark, before
        return state.mark(holding(state)), before

    def _go_through(self, state: KeyState, late: Sample, book: TrailBook, after: float) -> None:
        """Feed a key the samples of its trail after a moment."""
        life, running, unsaid = self._life, state.running, list[Breach]()
        for sample in list(book.samples_after(state.value, after, late)):
            at = sample.at
            if running.silent_on(sample):
                continue
            if running.merges:
                life.marks.take_often(state, at)
            if at >= state.quiet_until:
                life.catch_up(state, sample, at, unsaid)
            mask = state.judge(state.merge(sample, at) if running.merges else sample.fields)
            if mask != state.mask or sample.ended:
                life.judged(state, sample, mask, unsaid, at, state.lag)
                continue
            state.last_at = at
            if state.keep:
                state.sample = sample
