"""The postman of a channel: takes what is due, sends it, and writes down what became of it."""

from collections.abc import Callable
from datetime import datetime
from random import Random

from sqlalchemy import Connection, select

from cloud_api.case_projection import decode_case
from cloud_api.database import Lane, Store
from cloud_api.flow_choice import Flows
from cloud_api.instants import iso, to_us
from cloud_api.notices.errors import NoticeError, NoticePlanError
from cloud_api.notices.ledger import (
    Began,
    Cancelled,
    Failed,
    GivenUp,
    Notice,
    NoticeBook,
    NoticeState,
    Sent,
    decode_notice,
)
from cloud_api.notices.plan import Channel, NoticePlan
from cloud_api.notices.senders import Message, NoticeSender
from cloud_api.notices.story import TRACKING_MARK
from cloud_api.notices.tables import notices
from cloud_api.schema import cases

__all__ = ["Postman", "pause_s"]

_LEASE_US = 120_000_000
"""An attempt without an end was cut off by a crash: it is repeated after so long."""

_BATCH = 20


def pause_s(channel: Channel, failures: int, rng: Random) -> float:
    """Return how long to wait after so many failures, in seconds: exponential, with full jitter.

    Source: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
    """
    ceiling = min(channel.retry_cap_s, channel.retry_base_s * 2.0 ** min(failures - 1, 60))
    return rng.uniform(0.0, ceiling)


class Postman:
    """Sends the notices of one channel; what is wrong with it holds up no other.

    Args:
        store: the database.
        plan: the people and their addresses.
        channel: the channel.
        sender: the way out.
        flows: the flows of the cases.
        reporter: returns the address of a kind that a reporter left and his tracking code, by the
            report's id; None where there is none (any more).
        rng: where the jitter comes from.
        settled: called with each notice's state when it has reached one.
    """

    def __init__(
        self,
        store: Store,
        plan: NoticePlan,
        channel: Channel,
        sender: NoticeSender,
        flows: Flows,
        *,
        reporter: Callable[[Connection, str, str], tuple[str, str] | None],
        rng: Random,
        settled: Callable[[str, NoticeState], None],
    ) -> None:
        self._store = store
        self._plan = plan
        self.channel = channel
        self._sender = sender
        self._flows = flows
        self._reporter = reporter
        self._rng = rng
        self._settled = settled

    def step(self, now: datetime) -> int:
        """Send what is due; return how many notices were dealt with.

        Raises:
            StoreUnavailable: the database does not answer; what was sent may be sent again.
        """
        taken = self._take(now)
        for notice, address in taken:
            self._send(notice, address, now)
        return len(taken)

    def _take(self, now: datetime) -> list[tuple[Notice, tuple[str, str] | None]]:
        query = (
            select(notices)
            .where(notices.c.channel == self.channel.id, notices.c.next_at_us <= to_us(now))
            .order_by(notices.c.next_at_us, notices.c.first_seq)
            .limit(_BATCH)
        )
        with self._store.read() as connection:
            if connection.execute(query.limit(1)).one_or_none() is None:
                return []
        taken: list[tuple[Notice, tuple[str, str] | None]] = []
        with self._store.write(Lane.NOTICES) as connection:
            book = NoticeBook(connection)
            for row in connection.execute(query).all():
                notice = Notice(*row)
                needless = self._needless(connection, notice)
                address = None
                if needless is None and self.channel.address is not None:
                    recipient = decode_notice(notice).recipient
                    address = self._address(connection, recipient)
                    needless = None if address else f"{recipient} has no {self.channel.address} now"
                if needless is not None:
                    book.append(notice.notice_id, Cancelled(why=needless), to_us(now))
                    self._settled(self.channel.id, NoticeState.CANCELLED)
                    continue
                began = Began(again_at_us=to_us(now) + _LEASE_US)
                taken.append((book.append(notice.notice_id, began, to_us(now)), address))
        return taken

    def _needless(self, connection: Connection, notice: Notice) -> str | None:
        """Return why an escalation is not needed any more; None where it is, or it is none."""
        if notice.stage == 0:
            return None
        document = connection.scalar(
            select(cases.c.document).where(cases.c.case_id == notice.case_id)
        )
        if document is None:
            return None
        case = decode_case(document)
        if case.acknowledged_at_us is not None:
            return f"acknowledged by {case.acknowledged_by} at {iso(case.acknowledged_at_us)}"
        if not self._flows.of(case.flow).state(case.state).open:
            return f"the case is {case.state}"
        return None

    def _address(self, connection: Connection, recipient: str) -> tuple[str, str] | None:
        """Return where a recipient is reached through this channel, and a reporter's tracking code."""
        kind, _, name = recipient.partition(":")
        wanted = self.channel.address or ""
        if kind == "report":
            return self._reporter(connection, name, wanted)
        person = self._plan.person(name)
        address = None if person is None else person.addresses.get(wanted)
        return None if address is None else (address, "")

    def _send(self, notice: Notice, reached: tuple[str, str] | None, now: datetime) -> None:
        said = decode_notice(notice)
        address, code = (None, "") if reached is None else reached
        body = said.body.replace(TRACKING_MARK, code)
        message = Message(self.channel.id, address, said.title, body)
        detail: Sent | Failed | GivenUp
        try:
            self._sender.send(self.channel, message)
        except NoticeError as error:
            why = str(error)
            if address:
                why = why.replace(address, "***")
            if notice.attempts >= self.channel.attempts:
                detail = GivenUp(why=why)
            else:
                failures = notice.attempts
                if isinstance(error, NoticePlanError):
                    failures = self.channel.attempts  # a person has to mend it: no hurry
                pause = pause_s(self.channel, failures, self._rng)
                detail = Failed(why=why, again_at_us=to_us(now) + int(pause * 1_000_000))
        else:
            detail = Sent()
        with self._store.write(Lane.NOTICES) as connection:
            after = NoticeBook(connection).append(notice.notice_id, detail, to_us(now))
        self._settled(self.channel.id, NoticeState(after.state))
