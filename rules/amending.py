"""What the engine's trails hold of readings that the quality gates see in another light.

A late reading changes what the gates say of those after it. Their trails are brought to what rules may
see of them now; the keys are then gone through anew as they are for a late sample.
"""

import math
from collections import Counter
from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from rules.amendment import Amendment
from rules.judge import KeyValue, RunningRule
from rules.key_state import KeyState
from rules.rule_index import RuleIndex
from rules.sample import Sample
from rules.word_trail import WordTrail

__all__ = ["amend_trails", "strike"]


def amend_trails(
    index: RuleIndex, sample: Sample, amendments: Sequence[Amendment]
) -> list[tuple[KeyState, Sample]]:
    """Bring trails to what rules may see of a subject; return keys with a sample to go back before.

    Args:
        index: the rules in force.
        sample: the late reading that the amendments are because of.
        amendments: in order of time.
    """
    found: list[tuple[KeyState, Sample]] = []
    slot = index.slot(sample)
    if slot is not None and slot.book is not None:
        for one in amendments:
            slot.book.amend(sample.subject, one)
    for running, value, state in _keys(index, sample):
        book = running.book
        if book is None:
            continue
        if running.owns_book:
            for one in amendments:
                book.amend(value, one)
        first = next((one for one in amendments if one.field in running.heard), None)
        if first is not None:
            found.append((state, replace(sample, at=first.at, fields={first.field: math.nan})))
    for one in amendments:
        found += _amend_words(index, sample, one)
    return found


def strike(index: RuleIndex, sample: Sample) -> list[tuple[KeyState, Sample]]:
    """Take a sample out of the trails; return keys with a sample to go back before."""
    found: list[tuple[KeyState, Sample]] = []
    for running, value, state in _keys(index, sample):
        if running.book is not None and running.book.strike(value, sample):
            found.append((state, sample))
    return found


def _keys(index: RuleIndex, sample: Sample) -> Iterator[tuple[RunningRule, KeyValue, KeyState]]:
    """Yield the keys that a sample is about, of rules that read such samples."""
    slot = index.slot(sample)
    for running in () if slot is None else slot.rules:
        if running.filters and not running.accepts(sample.keys):
            continue
        try:
            value = running.key_of(sample.keys)
        except KeyError:
            continue
        state = running.states.get(value)
        if state is not None:
            if state.calm is not None:
                state.calm.release()
            yield running, value, state


def _amend_words(
    index: RuleIndex, sample: Sample, amendment: Amendment
) -> list[tuple[KeyState, Sample]]:
    """Bring the words of signals that read the amended field alone to what they should have been."""
    found: list[tuple[KeyState, Sample]] = []
    value = math.nan if amendment.value is None else amendment.value
    then = replace(sample, at=amendment.at, fields={amendment.field: value})
    for word in index.correlator.correlate(then, amendment.at, Counter()):
        for running, key, state in _keys(index, word):
            reads = (one.reads for one in running.rule.signals if one.name in word.fields)
            book = running.book
            if not isinstance(book, WordTrail) or any(len(names) > 1 for names in reads):
                continue
            struck = book.strike(key, word)
            if amendment.value is not None:
                book.hear(key, word.at, word)
            if struck or amendment.value is not None:
                found.append((state, word))
    return found
