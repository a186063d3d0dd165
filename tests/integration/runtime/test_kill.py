"""kill -9 right after a store said that it has the data: nothing of it may be missing.

A killed process loses what it had not handed to the kernel, and nothing else: what is tested here
is that append returns no earlier than that. What a power cut takes beyond it (data in the page
cache) cannot be shown by killing a process: see tests/e2e/faults/test_power_cut.py.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from contracts.envelope import Channel
from runtime.journal import Journal
from tests.unit.runtime.letters import BOOT, BOX, covered, lane_messages, open_outbox

pytestmark = pytest.mark.slow

_OUTBOX = """
import sys
from pathlib import Path
from tests.unit.runtime.letters import letters, open_outbox
outbox = open_outbox(Path(sys.argv[1]))
total = 0
while True:
    batch = 1 + total % 37
    outbox.append(letters(batch))
    total += batch
    print(total, flush=True)
"""

_JOURNAL = """
import sys
from pathlib import Path
from runtime.journal import Journal, JournalKind
journal = Journal(Path(sys.argv[1]), segment_bytes=20_000)
while True:
    start = journal.end_offset
    batch = 1 + start % 37
    journal.append([(JournalKind.MESSAGE, n, "t", b"%d" % n) for n in range(start, start + batch)])
    print(journal.end_offset, flush=True)
"""


def run_and_kill(script: str, folder: Path, lines: int) -> int:
    """Run a script, kill it with SIGKILL after so many lines; return the last number it told."""
    with subprocess.Popen(
        [sys.executable, "-c", script, str(folder)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        told = [int(process.stdout.readline()) for _ in range(lines)]
        process.kill()
        told += [int(line) for line in process.stdout if line.endswith("\n")]
    return told[-1]


@pytest.mark.parametrize("lines", [1, 7, 60])
def test_an_appended_letter_survives_a_kill(tmp_path: Path, lines: int) -> None:
    """Every letter whose append had returned is in the outbox, and the ledger covers it."""
    promised = run_and_kill(_OUTBOX, tmp_path, lines)

    outbox = open_outbox(tmp_path, boot_id="00000000000000bb")

    messages = lane_messages(outbox)
    enqueued = outbox.ledger()[BOOT, Channel.READINGS]
    outbox.close()
    assert enqueued >= promised
    assert list(range(enqueued)) == covered(messages)
    assert {BOX} == {message.box for message in messages}


@pytest.mark.parametrize("lines", [1, 7, 60])
def test_an_appended_record_survives_a_kill(tmp_path: Path, lines: int) -> None:
    """Every record whose append had returned is in the journal, in order, over many segments."""
    promised = run_and_kill(_JOURNAL, tmp_path, lines)

    journal = Journal(tmp_path)

    payloads = [record.payload for record in journal.read()]
    journal.close()
    assert len(payloads) >= promised
    assert [b"%d" % number for number in range(len(payloads))] == payloads


def test_twenty_kills_in_a_row_lose_nothing(tmp_path: Path) -> None:
    """A journal that is killed again and again goes on where it was, without a gap."""
    promised = 0
    for turn in range(20):
        told = run_and_kill(_JOURNAL, tmp_path, 1 + turn % 5)
        assert told > promised
        promised = told

    journal = Journal(tmp_path)

    offsets = [record.offset for record in journal.read()]
    journal.close()
    assert len(offsets) >= promised
    assert list(range(len(offsets))) == offsets
