"""From a change of level to a breach: episode ids and revisions, cause and title."""

from contracts.event import Cause, EventPhase, Title
from contracts.ids import episode_id
from contracts.readings import moment
from rules.breach import Breach
from rules.expression import field_names, known_value
from rules.key_state import Episode, KeyState
from rules.ladder import Change
from rules.pack import Rule
from rules.sample import Sample

__all__ = ["CLOCK_AHEAD", "state_change"]

CLOCK_AHEAD = "clock_ahead"
"""Flag of a cause whose message claimed a time in the future; it was judged at its arrival."""


def state_change(state: KeyState, change: Change, *, tick: bool, ahead: bool = False) -> Breach:
    """Return the breach that a change of level amounts to, and move the key's episode on.

    The id of an episode is made once, at its first statement, of rule, key and the onset as then
    seen; every further statement raises ``rev``. An episode that would get the id of the one before
    it (two in the same instant) continues that one's revisions.
    """
    rule = state.running.rule
    key = dict(zip(rule.key, state.running.key_values(state.value), strict=True))
    state.episode = episode = _next_episode(state, change, key)
    phase = EventPhase.UPDATE
    if change.after < 0:
        phase = EventPhase.END
    elif change.before < 0:
        phase = EventPhase.OPEN
    sample = state.sample
    return Breach(
        rule=rule.id,
        rule_version=rule.version,
        event_id=episode.event_id,
        rev=episode.rev,
        phase=phase,
        level=episode.level,
        key=key,
        onset_at=episode.onset_at,
        at=change.at,
        ended_at=change.since if phase is EventPhase.END else None,
        cause=_cause(state, change, tick=tick, ahead=ahead),
        event=rule.event,
        title=_title(state, key),
        dedupe=_dedupe(rule, sample),
        subject=None if sample is None else sample.subject,
        place=None if sample is None else sample.place,
        evidence=() if sample is None else sample.evidence,
        **({} if sample is None else {"discovery": sample.discovery}),
    )


def _next_episode(state: KeyState, change: Change, key: dict[str, str]) -> Episode:
    rule, episode = state.running.rule, state.episode
    if episode is not None and episode.open:
        going = change.after >= 0
        level = rule.steps[change.after].level if going else episode.level
        return Episode(episode.event_id, episode.rev + 1, episode.onset_at, level, open=going)
    event_id = episode_id(rule.id, key, moment(change.since))
    rev = 0 if episode is None or episode.event_id != event_id else episode.rev + 1
    return Episode(event_id, rev, change.since, rule.steps[change.after].level, open=True)


def _cause(state: KeyState, change: Change, *, tick: bool, ahead: bool) -> Cause:
    rule, sample, values = state.running.rule, state.sample, state.values()
    step = rule.steps[change.step]
    condition = step.clear if change.after < change.before else step.when
    return Cause(
        expression=condition.text,
        values={
            name: known_value(name, values, rule.fields) for name in field_names(condition.node)
        },
        message=None if sample is None else sample.message,
        sent_at=None if sample is None else sample.sent_at,
        journal_offset=None if sample is None else sample.offset,
        tick=tick,
        flags=(CLOCK_AHEAD,) if ahead else (),
    )


def _title(state: KeyState, key: dict[str, str]) -> Title:
    rule, sample = state.running.rule, state.sample
    known: dict[str, object] = {}
    if sample is not None:
        known |= sample.keys
        known |= sample.fields
    known |= state.values()
    known |= key
    return Title(zh=rule.title_zh.render(known), en=rule.title_en.render(known))


def _dedupe(rule: Rule, sample: Sample | None) -> str | None:
    if not rule.event.dedupe or sample is None:
        return None
    values = (f"{name}={sample.keys.get(name, '')}" for name in rule.event.dedupe)
    return "|".join((rule.event.type, *values))
