"""Letters, outboxes and gateways for the tests of outbox and uplink."""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from contracts.ack import Ack
from contracts.codec import BoxMessage, decode_box_message, encode
from contracts.envelope import Channel
from contracts.readings import Readings, Record
from contracts.status import Dropped
from contracts.topics import Kind
from runtime.clock import ManualClock
from runtime.outbox import Letter, Outbox, Stamp
from runtime.session import Session

START = datetime(2026, 7, 1, 20, 0, tzinfo=UTC)
BOOT = "00000000000000aa"
BOX = "box-1"
ROOT = f"city/v1/minhang/bridge/{BOX}"


def letter(value: float = 0.0, channel: Channel = Channel.READINGS, padding: str = "") -> Letter:
    """Return a letter with one reading; ``padding`` makes it as large as is wanted."""
    records: tuple[Record, ...] = (Record(bn="w-1/", n="depth_m", u="m", v=value),)
    if padding:
        records = (*records, Record(n="note", vs=padding))

    def compose(stamp: Stamp) -> BoxMessage:
        return Readings(**stamp._asdict(), at=START, records=records)

    return Letter(channel, Kind(channel.value), compose)


def letters(count: int, channel: Channel = Channel.READINGS) -> list[Letter]:
    """Return letters with the values 0, 1, 2 and so on."""
    return [letter(float(number), channel) for number in range(count)]


def open_outbox(
    folder: Path,
    *,
    boot_id: str = BOOT,
    box: str = BOX,
    budget_rows: int = 1_000_000,
    budget_bytes: int = 1_000_000_000,
) -> Outbox:
    """Return the outbox in a folder, on a clock that stands still."""
    return Outbox(
        folder / "outbox.db",
        box=box,
        boot_id=boot_id,
        clock=ManualClock(START),
        budget_rows=budget_rows,
        budget_bytes=budget_bytes,
    )


def stored(outbox: Outbox, channel: Channel = Channel.READINGS, boot_id: str = BOOT) -> list[int]:
    """Return the seqs of the rows in a lane."""
    return [row.seq for row in outbox.pending(boot_id, channel, -1, 1_000_000)]


def covered(messages: Iterable[BoxMessage]) -> list[int]:
    """Return every seq that messages speak for, in order, confessed gaps included."""
    seqs: list[int] = []
    for message in messages:
        first = message.from_seq if isinstance(message, Dropped) else message.seq
        seqs += range(first, message.seq + 1)
    return seqs


def lane_messages(
    outbox: Outbox, channel: Channel = Channel.READINGS, boot_id: str = BOOT
) -> list[BoxMessage]:
    """Return the messages of a lane."""
    rows = outbox.pending(boot_id, channel, -1, 1_000_000)
    return [decode_box_message(row.payload) for row in rows]


class Gateway:
    """The other end: takes what arrives, and acknowledges when told to."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.messages: list[BoxMessage] = []
        session.subscribe("city/v1/+/+/+/+")
        session.start()

    def take(self) -> list[BoxMessage]:
        """Return what has arrived since the last call."""
        inbound = [m for m in self.session.receive(1_000_000) if not m.topic.endswith("/ack")]
        self.session.acknowledge(inbound)
        fresh = [decode_box_message(message.payload) for message in inbound]
        self.messages += fresh
        return fresh

    def ack(
        self,
        through_seq: int,
        channel: Channel = Channel.READINGS,
        boot_id: str = BOOT,
        box: str = BOX,
        *,
        resend: bool = False,
    ) -> None:
        """Acknowledge a lane up to a seq, and ask for what follows it where ``resend`` is set."""
        message = Ack(
            box=box, boot_id=boot_id, channel=channel, through_seq=through_seq, resend=resend
        )
        self.session.publish(f"{ROOT}/ack", encode(message))
