"""Programs that store something and say so, for processes that are killed or lose their power.

Each prepares its store, says so, waits for a line at its input, then stores one thing and says that
it did, again and again.
"""

__all__ = ["EVENTS", "JOURNAL", "OUTBOX", "PICTURES", "TELEMETRY"]

OUTBOX = """
import sys
from pathlib import Path
from runtime.clock import SystemClock
from runtime.outbox import Outbox, Synchronous
from tests.e2e.faults.district import reading
from tests.unit.gateway.city import BOOT, BOX
outbox = Outbox(Path(sys.argv[1]) / "outbox.db", box=BOX, boot_id=BOOT, clock=SystemClock(),
                synchronous=Synchronous(sys.argv[2]))
outbox.append([reading(0.1)])
print("ready", flush=True)
while sys.stdin.readline():
    outbox.append([reading(0.2)])
    print("stored", flush=True)
"""

JOURNAL = """
import sys
from pathlib import Path
from runtime.journal import Journal, JournalKind
journal = Journal(Path(sys.argv[1]) / "journal", sync=sys.argv[2] == "sync")
journal.append([(JournalKind.MESSAGE, 0, "t", b"0")])
print("ready", flush=True)
while sys.stdin.readline():
    journal.append([(JournalKind.MESSAGE, 0, "t", b"%d" % journal.end_offset)])
    print("stored", flush=True)
"""

EVENTS = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from gateway.event_outbox import EventOutbox
outbox = EventOutbox(Path(sys.argv[1]) / "events.sqlite")
outbox.put([("prepared", 0, b"{}")], datetime.now(UTC))
print("ready", flush=True)
number = 0
while sys.stdin.readline():
    outbox.put([("event", number, b"{}")], datetime.now(UTC))
    number += 1
    print("stored", flush=True)
"""

PICTURES = """
import sys
from pathlib import Path
from edge.evidence.spool import Spool
spool = Spool(Path(sys.argv[1]) / "evidence", 100_000_000)
spool.add(b"prepared")
print("ready", flush=True)
number = 0
while sys.stdin.readline():
    spool.add(b"picture %d" % number)
    number += 1
    print("stored", flush=True)
"""

TELEMETRY = """
import sys
from pathlib import Path
from gateway.ports import Point
from gateway.telemetry.embedded import EmbeddedTelemetry
store = EmbeddedTelemetry(Path(sys.argv[1]) / "telemetry.sqlite")
store.write([Point("water-1", "depth_m", 0, 0.5)])
print("ready", flush=True)
number = 0
while sys.stdin.readline():
    number += 1
    store.write([Point("water-1", "depth_m", number, 0.5)])
    print("stored", flush=True)
"""
