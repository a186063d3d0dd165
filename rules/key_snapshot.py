"""The state of one rule and key as bytes: what a checkpoint holds of it."""

from typing import Final

import msgspec
from msgspec import Struct

from rules.errors import StateError
from rules.judge import KeyValue, RunningRule
from rules.key_past import Past
from rules.key_state import NEVER, NO_FIELDS, Episode, KeyState
from rules.key_story import NOBODY
from rules.ladder import LadderState, fit_ladder
from rules.operator_state import OperatorState
from rules.sample import Sample

__all__ = ["decode_state", "encode_state"]

_FORMAT: Final = 1


class _Snapshot(Struct, frozen=True, array_like=True):
    """The wire form of a key's state; short, because there is one for every key."""

    format: int
    version: str
    levels: str
    """Levels of the ladder's steps, by first letter."""
    ladder: LadderState
    last_at: float
    lag: float
    due: float | None
    gone_at: float | None
    episode: Episode | None
    members: tuple[str, ...]
    fields: dict[str, float | bool | str | None] | None
    times: dict[str, float] | None
    sample: Sample | None
    mask: int = -1
    """The last judgement: with it, the first sample after a restart takes the same way as without one."""
    more: OperatorState | None = None
    past: Past | None = None


_ENCODER = msgspec.msgpack.Encoder(order="deterministic")
_DECODER = msgspec.msgpack.Decoder(_Snapshot)


def encode_state(state: KeyState) -> bytes:
    """Return a key's state as bytes; equal states give equal bytes."""
    running = state.running
    fields = None
    if running.merges:
        fields = {name: state.fields[name] for name in running.name_set if name in state.fields}
    stands = state.calm
    at, lag = (state.own_last_at, state.own_lag) if stands is None else (stands.at, stands.lag)
    due = None if state.due == NEVER else state.due
    story = state.story
    # in the order of _Snapshot, whose bytes these are; making one takes longer than encoding it
    begins = (_FORMAT, running.rule.version, running.levels, state.ladder, at, lag, due)
    if story is None:
        return _ENCODER.encode(
            (*begins, None, None, (), fields, None, None, state.mask, state.more, None)
        )
    return _ENCODER.encode(
        (
            *begins,
            story.gone_at,
            story.episode,
            sorted(story.members) if story.members else (),
            fields,
            story.times,
            story.sample if state.keep or story.gone_at is not None else None,
            state.mask,
            state.more,
            story.past,
        )
    )


def decode_state(running: RunningRule, value: KeyValue, blob: bytes) -> KeyState:
    """Return the state in a snapshot, fitted to the rule's present ladder.

    Raises:
        StateError: the bytes are no snapshot, or of a format this version does not read.
    """
    try:
        found = _DECODER.decode(blob)
    except msgspec.DecodeError as failure:
        msg = f"state of rule {running.rule.id!r}: not a snapshot ({failure}); start without it"
        raise StateError(msg) from failure
    if found.format != _FORMAT or len(found.ladder.since) != len(found.levels):
        msg = f"state of rule {running.rule.id!r}: format {found.format}, expected {_FORMAT}"
        raise StateError(msg)
    state = KeyState(running, value)
    state.ladder = fit_ladder(found.ladder, found.levels, running.levels)
    state.last_at, state.lag = found.last_at, found.lag
    state.due = NEVER if found.due is None else found.due
    state.gone_at, state.episode = found.gone_at, found.episode
    state.members = frozenset(found.members) if found.members else NOBODY
    state.fields, state.times = found.fields or NO_FIELDS, found.times
    state.sample = found.sample
    if found.more is not None:
        state.more = found.more
    if found.levels == running.levels and found.version == running.rule.version:
        state.mask, state.past = found.mask, found.past
    state.refresh()
    return state
