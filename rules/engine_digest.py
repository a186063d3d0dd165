"""One number for all that an engine remembers."""

import hashlib

from rules.grouping import Groups
from rules.key_snapshot import encode_state
from rules.rule_index import RuleIndex
from rules.standing import Standing

__all__ = ["digest_of"]


def digest_of(index: RuleIndex, groups: Groups, standing: Standing) -> str:
    """Return a SHA-256 over all rule versions and key states, equal for equal states."""
    digest = hashlib.sha256()
    for rule_id in sorted(index.running):
        running = index.running[rule_id]
        digest.update(f"{rule_id}\x1e{running.rule.version}\x1e".encode())
        for state in sorted(running.states.values(), key=lambda state: state.name):
            digest.update(state.name.encode() + b"\x1e" + encode_state(state) + b"\x1e")
    for name, book in sorted(index.books.items()):
        for value in sorted(book.rows, key=str):
            digest.update(f"{name}\x1e{value}\x1e".encode() + book.encode(value))
    digest.update(groups.encode())
    digest.update(standing.encode())
    return digest.hexdigest()
