"""From what was told to what should have been: revisions under the ids that are known.

An episode keeps its id, whatever late data does to it. Each draft is taken for a told episode: the one
that has its id, else that of the same onset, else what is open for what is open, else the first that it overlaps. What a told
episode has no draft for never should have been, and ends, *withdrawn*; what a draft has no told episode
for is told now, from its beginning, as if it had been seen in time.
"""

import math
from collections.abc import Callable, Sequence

from msgspec import structs

from contracts.event import EventPhase
from contracts.ids import episode_id
from contracts.levels import level_rank
from contracts.readings import moment
from rules.breach import Breach
from rules.command import with_orders
from rules.drafts import DraftEpisode
from rules.key_life import KeyLife
from rules.key_state import KeyState
from rules.operator_state import Episode
from rules.sample import Sample
from rules.statement import Turn, draft_turn, key_of, new_episode, note_turn

__all__ = ["LATE_DATA", "WITHDRAWN", "Reviser"]

LATE_DATA = "late_data"
"""Flag of a cause that is a sample which came late and changes what was told."""
WITHDRAWN = "withdrawn"
"""Flag of the end of an event that, as late data showed, never should have been."""


class Reviser:
    """Makes the statements that bring what was told to what should have been.

    Args:
        life: moves key states on.
        counters: the engine's counters.
    """

    def __init__(self, life: KeyLife, counters: dict[str, int]) -> None:
        self._life = life
        self._counters = counters

    def revise(
        self,
        state: KeyState,
        known: Sequence[Episode],
        drafts: Sequence[DraftEpisode],
        after: float,
        late: Sample,
        now: float,
        breaches: list[Breach],
    ) -> None:
        """State what is no longer so, and move the key's episodes on.

        Args:
            state: the key, moved on; its episode is still the one that was told.
            known: the episodes that were told, as far as they are remembered, in order.
            drafts: its episodes since ``after``, as they should have been.
            after: event time of the last sample that nothing changed before.
            late: the sample that changes the past.
            now: when it arrived.
            breaches: takes the statements.
        """
        told = [one for one in known if one.open or one.closed_at > after]
        kept = [one for one in known if not (one.open or one.closed_at > after)]
        pairs = _pair(state, drafts, told)
        muted, before = self._life.muted(state), len(breaches)
        results: list[Episode] = []
        for index, episode in enumerate(told):
            draft = pairs.get(index)
            if draft is None:
                results.append(self._withdrawn(state, episode, late, breaches))
            else:
                results.append(self._revised(state, episode, draft, muted, late, breaches))
        taken = {id(draft) for draft in pairs.values()}
        # one from before is told only where it was part of what is now another episode
        parted = {one.onset_at for one in told}
        fresh = [
            draft
            for draft in drafts
            if id(draft) not in taken and (not draft.is_old or draft.onset_at in parted)
        ]
        hidden = [draft for draft in fresh if draft.open] if muted else []
        if hidden:
            state.operators().hidden_since = hidden[-1].onset_at
        for draft in fresh if not muted else ():
            new = self._told(state, draft, (*kept, *results), now, late, breaches)
            kept = [one for one in kept if one.event_id != new.event_id]
            results = [*(one for one in results if one.event_id != new.event_id), new]
        ordered = sorted((*kept, *results), key=lambda one: (one.open, one.onset_at))
        if ordered:
            state.episode = ordered.pop()
        elif state.episode is not None:
            state.episode = None
        if ordered or state.past is not None:
            state.keep_told(ordered)
        if len(breaches) > before:
            breaches[-1] = with_orders(state, breaches[-1], self._counters)
        self._life.inhibition.follow(state)

    def _withdrawn(
        self, state: KeyState, episode: Episode, late: Sample, breaches: list[Breach]
    ) -> Episode:
        if episode.withdrawn or (episode.open and _is_latched(state)):
            return episode
        at = max(late.at, episode.onset_at)
        turn = Turn(at, episode.onset_at, None, "late data", (), (LATE_DATA, WITHDRAWN))
        after = structs.replace(
            episode,
            rev=episode.rev + 1,
            open=False,
            ended_at=episode.onset_at,
            closed_at=max(at, episode.closed_at),
            withdrawn=True,
        )
        if episode.open:
            note_turn(state, turn, opens=False)
        self._say(draft_turn(state, turn, tick=False), after, late, breaches)
        return after

    def _revised(
        self,
        state: KeyState,
        episode: Episode,
        draft: DraftEpisode,
        muted: bool,
        late: Sample,
        breaches: list[Breach],
    ) -> Episode:
        level, opened = draft.level, draft.open
        if episode.open and _is_latched(state):
            level, opened = max(level, episode.level, key=level_rank), True
        if opened and muted:
            if not episode.open:
                return episode
            level = episode.level
        if not opened and not episode.open and state.running.rule.operators.escalations:
            # how far an event that is over had been escalated is not undone
            level = episode.level
        after = structs.replace(
            episode,
            onset_at=draft.onset_at,
            level=level,
            open=opened,
            ended_at=None if opened else draft.ended_at,
            withdrawn=False,
        )
        if after == structs.replace(episode, withdrawn=False) and not episode.withdrawn:
            return self._closed(after, draft, episode)
        after = structs.replace(after, rev=episode.rev + 1)
        if draft.statements:
            said = draft.statements[-1]
        else:
            turn = Turn(late.at, draft.onset_at, level, "late data")
            said = draft_turn(state, turn, tick=False)
        more = state.more
        if opened and not episode.open and more is not None:
            more.opened_at = late.at + state.lag if state.running.rule.operators.handled else None
        elif not opened and episode.open:
            note_turn(state, Turn(said.at, said.at, None, ""), opens=False)
        self._say(said, after, late, breaches)
        return self._closed(after, draft, episode)

    @staticmethod
    def _closed(after: Episode, draft: DraftEpisode, before: Episode) -> Episode:
        """Return an episode with the moment at which its end was certain."""
        if after.open:
            return structs.replace(after, closed_at=float("-inf"))
        if draft.statements:
            return structs.replace(after, closed_at=draft.statements[-1].at)
        if before.open:
            return structs.replace(after, closed_at=draft.over_at)
        return structs.replace(after, closed_at=before.closed_at)

    def _told(
        self,
        state: KeyState,
        draft: DraftEpisode,
        known: Sequence[Episode],
        now: float,
        late: Sample,
        breaches: list[Breach],
    ) -> Episode:
        """Tell an episode that nobody was told of, from its beginning."""
        name, key = state.running.rule.id, key_of(state)
        episode = new_episode(name, key, draft.onset_at, draft.level, known)
        rev, statements = episode.rev, draft.statements
        if draft.opening is not None:
            turn = Turn(draft.onset_at, draft.onset_at, draft.opening, "late data")
            statements = [draft_turn(state, turn, tick=False), *statements]
        if draft.is_old and draft.ended_at is not None:
            turn = Turn(draft.ended_at, draft.ended_at, None, "late data")
            statements.append(draft_turn(state, turn, tick=False))
        for index, said in enumerate(statements):
            ends = said.phase is EventPhase.END
            episode = structs.replace(
                episode,
                rev=rev + index,
                level=episode.level if ends else said.level,
                open=not ends,
                ended_at=draft.ended_at if ends else None,
                closed_at=said.at if ends else float("-inf"),
            )
            first = index == 0
            self._say(said, episode, late, breaches, opens=first)
        more = state.more
        if episode.open and more is not None:
            more.hidden_since = None
            more.opened_at = now if state.running.rule.operators.handled else None
        return episode

    def _say(
        self,
        said: Breach,
        episode: Episode,
        late: Sample,
        breaches: list[Breach],
        *,
        opens: bool = False,
    ) -> None:
        """Make a drafted statement, about an episode and because of a late sample."""
        phase = EventPhase.UPDATE if episode.open else EventPhase.END
        cause = structs.replace(
            said.cause,
            message=said.cause.message or late.message,
            sent_at=said.cause.sent_at or late.sent_at,
            journal_offset=late.offset
            if said.cause.journal_offset is None
            else said.cause.journal_offset,
            flags=tuple(dict.fromkeys((*said.cause.flags, LATE_DATA))),
        )
        ended_at = None
        if not episode.open:
            ended_at = episode.onset_at if episode.ended_at is None else episode.ended_at
        breach = structs.replace(
            said,
            event_id=episode.event_id,
            rev=episode.rev,
            phase=EventPhase.OPEN if opens else phase,
            level=episode.level,
            onset_at=episode.onset_at,
            at=max(said.at, ended_at or episode.onset_at),
            ended_at=ended_at,
            cause=cause,
        )
        self._counters["revised"] += 1
        breaches.append(breach)


def _is_latched(state: KeyState) -> bool:
    acked = state.more is not None and state.more.acked
    return state.running.rule.operators.latch and not acked


def _pair(
    state: KeyState, drafts: Sequence[DraftEpisode], told: Sequence[Episode]
) -> dict[int, DraftEpisode]:
    """Return which draft stands for which told episode, by the told episode's index."""
    pairs: dict[int, DraftEpisode] = {}
    left, latch = list(drafts), _is_latched(state)
    name, key = state.running.rule.id, key_of(state)
    ids = {id(one): episode_id(name, key, moment(one.onset_at)) for one in drafts}

    def pair(fits: Callable[[Episode, DraftEpisode], bool]) -> None:
        for index, episode in enumerate(told):
            if index not in pairs:
                found = next((one for one in left if fits(episode, one)), None)
                if found is not None:
                    pairs[index] = found
                    left.remove(found)

    pair(lambda episode, draft: ids[id(draft)] == episode.event_id)
    pair(lambda episode, draft: draft.onset_at == episode.onset_at)
    pair(lambda episode, draft: episode.open and (draft.open or latch))
    pair(lambda episode, draft: not draft.is_old and _overlap(episode, draft))
    return pairs


def _overlap(episode: Episode, draft: DraftEpisode) -> bool:
    over_at = math.inf if episode.ended_at is None else episode.ended_at
    return draft.onset_at <= over_at and episode.onset_at <= draft.over_at
