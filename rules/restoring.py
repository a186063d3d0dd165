"""From snapshots by name to what an engine holds."""

from collections.abc import Mapping

from rules.errors import StateError
from rules.grouping import GROUP_KEY, Groups
from rules.judge import KeyValue, RunningRule
from rules.key_snapshot import decode_state
from rules.key_state import KeyState
from rules.trail import TRAIL_KEY, TrailBook
from rules.trails import restore_trail

__all__ = ["is_beside", "restore_beside", "restore_key"]


def is_beside(name: str) -> bool:
    """Whether a snapshot is of what stands beside the states of keys: a trail or a group."""
    return name.startswith((TRAIL_KEY, GROUP_KEY))


def restore_beside(books: Mapping[str, TrailBook], groups: Groups, name: str, blob: bytes) -> bool:
    """Take back a trail or a group; return whether it could be read, or nobody needs it any more."""
    if not name.startswith(GROUP_KEY):
        return restore_trail(books, name, blob)
    try:
        groups.restore(name, blob)
    except StateError:
        return False
    return True


def restore_key(rules: Mapping[str, RunningRule], name: str, blob: bytes) -> KeyState | None:
    """Take back the state of a key; return it, or None where it could not be read."""
    rule, *values = name.split("\x1f")
    running = rules.get(rule)
    if running is None or len(values) != len(running.rule.key):
        return None
    value: KeyValue = values[0] if len(values) == 1 else tuple(values)
    try:
        state = running.states[value] = decode_state(running, value, blob)
    except StateError:
        return None
    return state
