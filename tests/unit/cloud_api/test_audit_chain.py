"""The audit log's chain: whatever is tampered with is found."""

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_api.audit.entry import GENESIS, Entry, StoredLine, encode_entry, line_hash
from cloud_api.audit.examination import Flaw, examine
from cloud_api.audit.heads import Head, HeadSigner
from cloud_api.privacy.keybook import KeyBook

BOOK = KeyBook({"k-1": bytes(range(32))})
SIGNER = HeadSigner(BOOK)
OTHER = HeadSigner(KeyBook({"k-1": bytes(32)}))
KEYS = SIGNER.public_keys()


def _chain(entries: Sequence[Entry]) -> list[StoredLine]:
    """Return the rows for entries, chained as the log chains them."""
    previous = GENESIS
    lines = []
    for entry in entries:
        body = encode_entry(entry)
        previous = line_hash(previous, body)
        lines.append(StoredLine(entry.seq, entry.at_us, entry.actor, entry.action, body, previous))
    return lines


def _entries(count: int) -> list[Entry]:
    return [
        Entry(seq=n, at_us=1_000 * n, actor=f"key:{n % 3}", action="GET /v1/cases", status=200)
        for n in range(1, count + 1)
    ]


def _head(line: StoredLine, signer: HeadSigner = SIGNER) -> Head:
    return signer.sign(line.seq, line.hash, line.at_us)


def test_an_untouched_log_has_no_flaw() -> None:
    """What was only appended to is as it was."""
    lines = _chain(_entries(20))

    report = examine(lines, [_head(lines[9]), _head(lines[19])], KEYS)

    assert (report.flaws, report.lines, report.anchored_through) == (0, 20, 20)


def test_an_empty_log_has_no_flaw() -> None:
    """Nothing was written, nothing is wrong."""
    assert examine([], [], KEYS).flaws == 0


def _edit(lines: list[StoredLine], at: int) -> list[StoredLine]:
    body = lines[at].body.replace(b"200", b"404")
    return [*lines[:at], lines[at]._replace(body=body), *lines[at + 1 :]]


def _edit_and_hash(lines: list[StoredLine], at: int) -> list[StoredLine]:
    previous = lines[at - 1].hash if at else GENESIS
    body = lines[at].body.replace(b"200", b"404")
    changed = lines[at]._replace(body=body, hash=line_hash(previous, body))
    return [*lines[:at], changed, *lines[at + 1 :]]


def _edit_column(lines: list[StoredLine], at: int) -> list[StoredLine]:
    return [*lines[:at], lines[at]._replace(actor="key:nobody"), *lines[at + 1 :]]


def _delete(lines: list[StoredLine], at: int) -> list[StoredLine]:
    return lines[:at] + lines[at + 1 :]


def _cut(lines: list[StoredLine], at: int) -> list[StoredLine]:
    return lines[:at]


def _rewrite(lines: list[StoredLine], at: int) -> list[StoredLine]:
    entries = _entries(len(lines))
    del entries[at]
    return _chain(
        [
            Entry(seq=n, at_us=e.at_us, actor=e.actor, action=e.action)
            for n, e in enumerate(entries, 1)
        ]
    )


def _rewrite_same_length(lines: list[StoredLine], at: int) -> list[StoredLine]:
    entries = _entries(len(lines))
    entries[at] = Entry(seq=at + 1, at_us=1, actor="key:9", action="GET /v1/cases")
    return _chain(entries)


def _insert(lines: list[StoredLine], at: int) -> list[StoredLine]:
    entry = Entry(seq=at + 1, at_us=5, actor="key:9", action="POST /v1/cases")
    body = encode_entry(entry)
    previous = lines[at - 1].hash if at else GENESIS
    extra = StoredLine(at + 1, 5, "key:9", entry.action, body, line_hash(previous, body))
    return [*lines[:at], extra, *lines[at:]]


def _swap(lines: list[StoredLine], at: int) -> list[StoredLine]:
    other = (at + 1) % len(lines)
    swapped = list(lines)
    swapped[at], swapped[other] = lines[other], lines[at]
    return swapped


TAMPERS: dict[str, Callable[[list[StoredLine], int], list[StoredLine]]] = {
    "edit": _edit,
    "edit and hash": _edit_and_hash,
    "edit a column": _edit_column,
    "delete": _delete,
    "cut": _cut,
    "rewrite": _rewrite,
    "rewrite, as long": _rewrite_same_length,
    "insert": _insert,
    "swap": _swap,
}


@given(
    tamper=st.sampled_from(sorted(TAMPERS)),
    count=st.integers(2, 30),
    place=st.integers(0, 29),
)
def test_any_single_tamper_is_found(tamper: str, count: int, place: int) -> None:
    """Whoever changes a log up to its last signed head is seen, whatever he does and where."""
    lines = _chain(_entries(count))
    heads = [_head(lines[-1])]

    report = examine(TAMPERS[tamper](lines, place % count), heads, KEYS)

    assert report.flaws > 0


@given(data=st.data(), count=st.integers(1, 12))
def test_any_changed_byte_is_found(data: st.DataObject, count: int) -> None:
    """One other byte anywhere in a line is an edit."""
    lines = _chain(_entries(count))
    at = data.draw(st.integers(0, count - 1))
    byte = data.draw(st.integers(0, len(lines[at].body) - 1))
    body = bytearray(lines[at].body)
    body[byte] ^= data.draw(st.integers(1, 255))
    touched = [*lines[:at], lines[at]._replace(body=bytes(body)), *lines[at + 1 :]]

    report = examine(touched, [_head(lines[-1])], KEYS)

    assert Flaw.EDITED in {finding.flaw for finding in report.findings}


@pytest.mark.parametrize(
    ("tamper", "flaw"),
    [
        ("edit", Flaw.EDITED),
        ("edit a column", Flaw.EDITED),
        ("delete", Flaw.MISSING),
        ("cut", Flaw.CUT_OFF),
        ("rewrite, as long", Flaw.REWRITTEN),
    ],
)
def test_a_tamper_is_called_by_its_name(tamper: str, flaw: Flaw) -> None:
    """Edit, deletion, cut tail and rewritten chain are told apart."""
    lines = _chain(_entries(10))

    report = examine(TAMPERS[tamper](lines, 4), [_head(lines[-1])], KEYS)

    assert flaw in {finding.flaw for finding in report.findings}


def test_a_head_signed_by_somebody_else_is_forged() -> None:
    """A rewritten chain cannot bring heads of its own."""
    lines = _chain(_entries(5))

    report = examine(lines, [_head(lines[-1], OTHER)], KEYS)

    assert {finding.flaw for finding in report.findings} == {Flaw.FORGED, Flaw.UNANCHORED}


@given(field=st.sampled_from(["seq", "hash", "at_us", "key", "signature"]))
def test_no_field_of_a_head_can_be_changed(field: str) -> None:
    """A signature covers all of a head."""
    head = _head(_chain(_entries(3))[-1])
    changed = {
        "seq": Head(
            seq=2, hash=head.hash, at_us=head.at_us, key=head.key, signature=head.signature
        ),
        "hash": Head(
            seq=3, hash="0" * 64, at_us=head.at_us, key=head.key, signature=head.signature
        ),
        "at_us": Head(seq=3, hash=head.hash, at_us=0, key=head.key, signature=head.signature),
        "key": Head(
            seq=3, hash=head.hash, at_us=head.at_us, key="0" * 16, signature=head.signature
        ),
        "signature": Head(seq=3, hash=head.hash, at_us=head.at_us, key=head.key, signature="!"),
    }

    assert KEYS.valid(head)
    assert not KEYS.valid(changed[field])


def test_a_rotated_key_still_vouches_for_its_heads() -> None:
    """Heads of former master keys are believed, new ones are signed by the present one."""
    rotated = HeadSigner(KeyBook({"k-2": bytes(range(1, 33)), "k-1": bytes(range(32))}))
    lines = _chain(_entries(4))

    report = examine(lines, [_head(lines[1]), _head(lines[3], rotated)], rotated.public_keys())

    assert report.flaws == 0
