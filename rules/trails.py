"""The trails of an engine as a whole: their names, their snapshots, and what becomes of them."""

from collections.abc import Iterable, Mapping

from rules.errors import StateError
from rules.judge import KeyValue, RunningRule
from rules.trail import TRAIL_KEY, TrailBook

__all__ = ["begin_trails", "hand_over_trails", "restore_trail", "trail_name"]


def trail_name(book: TrailBook, value: KeyValue) -> str:
    """Return the name of a key's trail among the states of an engine."""
    if value.__class__ is str:
        return f"{TRAIL_KEY}\x1f{book.name}\x1f{value}"
    return "\x1f".join((TRAIL_KEY, book.name, *value))


def restore_trail(books: Mapping[str, TrailBook], name: str, blob: bytes) -> bool:
    """Take back a trail; return whether it could be read, or nobody needs it any more."""
    _, _, book_name, *values = name.split("\x1f")
    book = books.get(book_name)
    if book is None or not values:
        return True
    try:
        book.decode(values[0] if len(values) == 1 else tuple(values), blob)
    except StateError:
        return False
    return True


def hand_over_trails(before: Mapping[str, TrailBook], after: Mapping[str, TrailBook]) -> list[str]:
    """Let trails go on under new packs where they are of the same fields; return names of the rest."""
    gone: list[str] = []
    for name, book in before.items():
        heir = after.get(name)
        if heir is not None and heir.continues(book):
            heir.rows = book.rows
        else:
            gone += [trail_name(book, value) for value in book.rows]
    return gone


def begin_trails(rules: Iterable[RunningRule]) -> None:
    """Let the trail of every key that has none begin at its last sample."""
    for running in rules:
        book = running.book
        if book is None:
            continue
        for value, state in running.states.items():
            if value not in book.rows or book.newest(value) < state.last_at:
                book.start_at(value, state.last_at)
