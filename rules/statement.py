"""From a turn in a key's life to a breach: episode ids and revisions, cause and title."""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from msgspec import structs

from contracts.event import Cause, EventPhase, Title
from contracts.ids import episode_id
from contracts.levels import Level, level_rank
from contracts.readings import moment
from rules.breach import Breach, EventSection
from rules.expression import field_names, known_value
from rules.key_past import Held, Past
from rules.key_state import KeyState
from rules.ladder import Change
from rules.operator_state import Episode
from rules.silence import Absence

__all__ = [
    "CLOCK_AHEAD",
    "GRID_NAMES",
    "Turn",
    "draft_turn",
    "holding",
    "in_force",
    "key_of",
    "known_names",
    "ladder_turn",
    "names_of",
    "new_episode",
    "note_turn",
    "state_absence",
    "state_turn",
]

CLOCK_AHEAD = "clock_ahead"
"""Flag of a cause whose message claimed a time in the future; it was judged at its arrival."""


GRID_NAMES: Final = ("grid", "grid_id")
"""Names of the grid cell that a key's last sample lay in, for groups."""


class Turn(NamedTuple):
    """What a key's episode is to become.

    Attributes:
        at: when, in event time.
        since: when what brought it about began: the onset going up, the end going down.
        level: the level that holds from then on; None: none.
        expression: what decided, as shown in the cause.
        names: fields that it looked at.
        flags: flags of the cause.
    """

    at: float
    since: float
    level: Level | None
    expression: str
    names: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()


def in_force(state: KeyState, held: Level | None) -> Level | None:
    """Return the level that holds for a key whose ladder holds ``held``."""
    more, no_data = state.more, state.running.rule.operators.no_data
    if more is None:
        return held
    if more.silent and no_data is not None:
        held = max(held, no_data.level, key=level_rank)
    # an event that is over is over, however far it was escalated
    return held if held is None else max(held, more.floor, key=level_rank)


def holding(state: KeyState) -> Held | None:
    """Return the episode that holds for a key, told or not, or the last one that did."""
    held = state.ladder.held.bit_length() - 1
    level = in_force(state, state.running.rule.steps[held].level if held >= 0 else None)
    episode = state.episode
    if level is None:
        if episode is None or episode.open or episode.withdrawn or episode.ended_at is None:
            return None
        return Held(episode.onset_at, episode.level, episode.ended_at)
    if episode is not None and episode.open:
        return Held(episode.onset_at, level)
    hidden = None if state.more is None else state.more.hidden_since
    return Held(state.last_at if hidden is None else hidden, level)


def ladder_turn(state: KeyState, change: Change, flags: tuple[str, ...] = ()) -> Turn:
    """Return what a change of the ladder amounts to."""
    steps = state.running.rule.steps
    step = steps[change.step]
    condition = step.clear if change.after < change.before else step.when
    held = steps[change.after].level if change.after >= 0 else None
    names = field_names(condition.node)
    level = in_force(state, held)
    return Turn(change.at, change.since, level, condition.text, names, flags)


def state_turn(
    state: KeyState, turn: Turn, *, tick: bool, muted: bool = False, again: bool = False
) -> Breach | None:
    """Return the breach that a turn amounts to, if any, and move the key's episode on.

    The id of an episode is made once, at its first statement, of rule, key and the onset as then
    seen; every further statement raises ``rev``. An episode that would get the id of the one before
    it (two in the same instant) continues that one's revisions. While it is ``muted`` a key only tells
    the end of what it told before; the onset of what it does not tell is kept. ``again`` tells a level
    that was told before.
    """
    rule, before = state.running.rule, state.episode
    opened = before is not None and before.open
    if opened and before is not None:
        same = turn.level is before.level and not again
        if same or (muted and turn.level is not None) or _latched(state, before, turn):
            return None
    elif turn.level is None or muted:
        _hide(state, None if turn.level is None else turn.since)
        return None
    turn = note_turn(state, turn, opens=not opened)
    key = key_of(state)
    state.episode = episode = _next_episode(rule.id, before, turn, key, state.past)
    if not opened and before is not None and state.running.book is not None:
        state.remember(before, episode)
    return _breach(state, key, episode, before, turn, rule.event, _title(state), tick=tick)


def draft_turn(state: KeyState, turn: Turn, *, tick: bool) -> Breach:
    """Return the breach that a turn would be for an episode of its own; the key stays as it is."""
    key = key_of(state)
    level = turn.level or Level.BLUE
    episode = Episode("", 0, turn.since, level, open=turn.level is not None)
    rule = state.running.rule
    return _breach(state, key, episode, None, turn, rule.event, _title(state), tick=tick)


def _title(state: KeyState) -> Title:
    rule, known = state.running.rule, known_names(state)
    return Title(zh=rule.title_zh.render(known), en=rule.title_en.render(known))


def _latched(state: KeyState, before: Episode, turn: Turn) -> bool:
    """Whether an event has to wait for somebody before it goes down or ends."""
    acked = state.more is not None and state.more.acked
    falls = level_rank(turn.level) < level_rank(before.level)
    return state.running.rule.operators.latch and falls and not acked


def _hide(state: KeyState, since: float | None) -> None:
    """Remember since when there is a breach that is not told; None: there is none."""
    if since is None:
        if state.more is not None:
            state.more.hidden_since = None
        return
    more = state.operators()
    if more.hidden_since is None:
        more.hidden_since = since


def note_turn(state: KeyState, turn: Turn, *, opens: bool) -> Turn:
    """Let the operators take note of a statement; return it with the onset that was hidden."""
    more = state.more
    if more is None:
        return turn
    if opens:
        more.opened_at = turn.at + state.lag if state.running.rule.operators.handled else None
        if more.hidden_since is not None:
            turn = turn._replace(since=min(turn.since, more.hidden_since))
            more.hidden_since = None
    elif turn.level is None:
        more.opened_at, more.acked, more.floor, more.reminded_at = None, False, None, None
    return turn


def state_absence(state: KeyState, absence: Absence, turn: Turn, *, tick: bool) -> Breach:
    """Return the breach that a key is absent, or is no longer, and move that episode on."""
    more, rule, key = state.operators(), state.running.rule, key_of(state)
    before = more.absence
    more.absence = episode = _next_episode(f"{rule.id}/absence", before, turn, key)
    event = EventSection(type=absence.type, dedupe=rule.event.dedupe, group=absence.group)
    known = known_names(state)
    title = Title(zh=absence.title_zh.render(known), en=absence.title_en.render(known))
    breach = _breach(state, key, episode, before, turn, event, title, tick=tick)
    return structs.replace(breach, part="absence")


def _breach(
    state: KeyState,
    key: dict[str, str],
    episode: Episode,
    before: Episode | None,
    turn: Turn,
    event: EventSection,
    title: Title,
    *,
    tick: bool,
) -> Breach:
    rule, sample = state.running.rule, state.sample
    phase = EventPhase.UPDATE
    if not episode.open:
        phase = EventPhase.END
    elif before is None or not before.open:
        phase = EventPhase.OPEN
    # with a clock ahead of arrival the clock of people may lie before the onset
    since, at = max(turn.since, episode.onset_at), max(turn.at, episode.onset_at)
    breach = Breach(
        rule=rule.id,
        rule_version=rule.version,
        event_id=episode.event_id,
        rev=episode.rev,
        phase=phase,
        level=episode.level,
        key=key,
        onset_at=episode.onset_at,
        at=at,
        ended_at=since if phase is EventPhase.END else None,
        cause=_cause(state, turn, tick=tick),
        event=event,
        title=title,
        dedupe=_dedupe(event, key if sample is None else sample.keys),
        subject=key.get("subject") if sample is None else sample.subject,
        place=state.running.row_of(state.value).place,
    )
    if event.group is not None:
        names = names_of(state)
        breach = structs.replace(breach, within={one: names.get(one, "") for one in event.group.by})
    if sample is None:
        return breach
    return structs.replace(
        breach,
        place=sample.place or breach.place,
        evidence=sample.evidence,
        discovery=sample.discovery,
    )


def key_of(state: KeyState) -> dict[str, str]:
    """Return a key's values by name."""
    return dict(zip(state.running.rule.key, state.running.key_values(state.value), strict=True))


def names_of(state: KeyState) -> Mapping[str, str]:
    """Return what is known of a key by name: its own values, those of its last sample, its grid cell."""
    whereabouts = {} if state.more is None else state.more.whereabouts
    sample = state.sample
    keys = {} if sample is None else sample.keys
    place = None if sample is None else sample.place
    cell = None if place is None else place.grid
    cells = {} if cell is None else dict.fromkeys(GRID_NAMES, cell)
    return {**whereabouts, **cells, **keys, **key_of(state)}


def new_episode(
    name: str, key: dict[str, str], onset_at: float, level: Level, known: Iterable[Episode]
) -> Episode:
    """Return an episode that begins, with its id: that of its name, key and onset.

    Late data may have moved the onset of an episode that has this very id; then the new one's is made
    of a count besides. One that begins where a known one began goes on with its revisions.

    Args:
        name: the rule's name.
        key: key values by name.
        onset_at: when it began.
        level: its level.
        known: episodes of the key that are remembered.
    """
    taken = {one.event_id: one for one in known}
    for one in reversed(taken.values()):
        if one.onset_at == onset_at:
            return Episode(one.event_id, one.rev + 1, onset_at, level, open=True)
    at, count = moment(onset_at), 0
    event_id = episode_id(name, key, at)
    while event_id in taken:
        count += 1
        event_id = episode_id(f"{name}/{count}", key, at)
    return Episode(event_id, 0, onset_at, level, open=True)


def _next_episode(
    name: str, before: Episode | None, turn: Turn, key: dict[str, str], past: Past | None = None
) -> Episode:
    level = turn.level
    if before is not None and before.open:
        known = (before.event_id, before.rev + 1, before.onset_at)
        if level is not None:
            return Episode(*known, level, open=True)
        ended_at = max(turn.since, before.onset_at)
        return Episode(*known, before.level, open=False, ended_at=ended_at, closed_at=turn.at)
    assert level is not None
    told = () if past is None else past.told
    known_ones = told if before is None else (*told, before)
    return new_episode(name, key, turn.since, level, known_ones)


def _cause(state: KeyState, turn: Turn, *, tick: bool) -> Cause:
    rule, sample, values = state.running.rule, state.sample, state.values()
    return Cause(
        expression=turn.expression,
        values={name: known_value(name, values, rule.fields) for name in turn.names},
        message=None if sample is None else sample.message,
        sent_at=None if sample is None else sample.sent_at,
        journal_offset=None if sample is None else sample.offset,
        tick=tick,
        flags=turn.flags,
    )


def known_names(state: KeyState) -> dict[str, object]:
    """Return what the texts of a statement may show."""
    known: dict[str, object] = {}
    if state.sample is not None:
        known |= state.sample.keys
        known |= state.sample.fields
    known |= state.values()
    known |= key_of(state)
    return known


def _dedupe(event: EventSection, keys: Mapping[str, str]) -> str | None:
    if not event.dedupe:
        return None
    values = (f"{name}={keys.get(name, '')}" for name in event.dedupe)
    return "|".join((event.type, *values))
