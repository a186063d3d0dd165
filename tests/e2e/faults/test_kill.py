"""kill -9 right after a store said that it has something; outbox, journal and API have such tests too.

See tests/integration/runtime/test_kill.py and tests/integration/cloud_api/test_durability.py.
"""

from pathlib import Path

import pytest

from edge.evidence.spool import Spool
from gateway.event_outbox import EventOutbox
from tests.e2e.faults.scripts import EVENTS, PICTURES
from tests.e2e.faults.speaker import Speaker

pytestmark = pytest.mark.slow

TURNS = 50


def store_and_kill(script: str, folder: Path) -> None:
    """Run a script for some turns and kill it as soon as it said that the last is stored."""
    with Speaker(script, folder) as speaker:
        assert speaker.hear() == "ready"
        for _ in range(TURNS):
            speaker.go_on()
            assert speaker.hear() == "stored"
        speaker.kill()


def test_the_event_outbox_keeps_every_event(tmp_path: Path) -> None:
    """What was put is pending when the gateway starts again."""
    store_and_kill(EVENTS, tmp_path)

    outbox = EventOutbox(tmp_path / "events.sqlite")
    pending = outbox.pending
    outbox.close()
    assert pending == 1 + TURNS


def test_the_evidence_spool_keeps_every_picture(tmp_path: Path) -> None:
    """What was added waits for its upload, whole."""
    store_and_kill(PICTURES, tmp_path)

    spool = Spool(tmp_path / "evidence", 100_000_000)
    pictures = {spool.read(name) for name in spool.waiting()}
    assert {b"prepared", *(b"picture %d" % number for number in range(TURNS))} == pictures
