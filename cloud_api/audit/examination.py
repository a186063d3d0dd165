"""Examining the audit log: is every line as it was written, and is every line still there? Pure.

What is found, and how:

- a line whose bytes do not have its hash, or whose columns do not say what its bytes say: *edited*;
- a number that is missing or comes twice: *missing*;
- a line that has another hash than a signed head says: the chain was *rewritten* from some line on;
- a signed head for a line behind the last one: the tail was *cut off*;
- a head that none of the believed keys has signed: *forged*;
- lines, but no head at all: *unanchored*, nothing can be said about rewriting or cutting.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

import msgspec

from cloud_api.audit.entry import GENESIS, StoredLine, decode_entry, line_hash
from cloud_api.audit.heads import Head, PublicKeys

__all__ = ["Examination", "Finding", "Flaw", "examine"]

_MOST = 100


class Flaw(StrEnum):
    """What can be wrong with an audit log."""

    EDITED = "edited"
    MISSING = "missing"
    REWRITTEN = "rewritten"
    CUT_OFF = "cut_off"
    FORGED = "forged"
    UNANCHORED = "unanchored"


class Finding(NamedTuple):
    """One flaw, the line where it shows, and what it is in words."""

    flaw: Flaw
    seq: int
    detail: str


class Examination(NamedTuple):
    """What was examined and what was found; the first hundred findings are listed."""

    lines: int
    heads: int
    anchored_through: int
    """The last line that a signed head covers: behind it, a cut tail does not show yet."""
    flaws: int
    findings: list[Finding]


def examine(
    lines: Iterable[StoredLine],
    heads: Iterable[Head],
    keys: PublicKeys,
    *,
    after: int = 0,
    previous: str = GENESIS,
) -> Examination:
    """Return what is wrong with a log.

    Args:
        lines: every row of the table behind ``after``, in the order of ``seq``.
        heads: every head from every anchor, in any order.
        keys: whose signatures are believed.
        after: the line before the first; 0 begins with the log.
        previous: the hash of that line, as a valid head has it.
    """
    flaws = 0
    findings: list[Finding] = []

    def found(flaw: Flaw, seq: int, detail: str) -> None:
        nonlocal flaws
        flaws += 1
        if len(findings) < _MOST:
            findings.append(Finding(flaw, seq, detail))

    known: dict[int, set[str]] = {}
    count_heads = 0
    for head in heads:
        count_heads += 1
        if keys.valid(head):
            known.setdefault(head.seq, set()).add(head.hash)
        else:
            found(Flaw.FORGED, head.seq, f"the head of line {head.seq} has no valid signature")
    count, last = 0, after
    for line in lines:
        count += 1
        if line.seq != last + 1:
            found(Flaw.MISSING, line.seq, f"line {line.seq} follows line {last}")
        reason = _edited(line, previous)
        if reason is not None:
            found(Flaw.EDITED, line.seq, f"line {line.seq}: {reason}")
        for chained in known.get(line.seq, ()):
            if chained != line.hash:
                found(
                    Flaw.REWRITTEN,
                    line.seq,
                    f"line {line.seq} has hash {line.hash[:16]}…, its signed head says {chained[:16]}…",
                )
        last, previous = line.seq, line.hash
    anchored = max(known, default=0)
    if anchored > last:
        found(Flaw.CUT_OFF, last, f"the log ends with line {last}, a signed head is of {anchored}")
    if count and not known:
        found(Flaw.UNANCHORED, last, "no signed head covers any line")
    return Examination(count, count_heads, anchored, flaws, findings)


def _edited(line: StoredLine, previous: str) -> str | None:
    """Return what shows that a line is not as it was written, or None."""
    if line_hash(previous, line.body) != line.hash:
        return "its bytes and the hash of the line before it do not have its hash"
    try:
        entry = decode_entry(line.body)
    except msgspec.DecodeError as error:
        return f"its bytes are no line: {error}"
    said = (entry.seq, entry.at_us, entry.actor, entry.action)
    if said != (line.seq, line.at_us, line.actor, line.action):
        return "its columns say something else than its bytes"
    return None
