"""Contract of the notices: from the log of cases to messages, on each database."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import select, update

from cloud_api.bootstrap import Api, build
from cloud_api.case_desk import Deed
from cloud_api.case_record import case_id_of
from cloud_api.config import ApiConfig
from cloud_api.database import Lane
from cloud_api.flow import State
from cloud_api.guards import MoveRequest
from cloud_api.notices.ledger import NoticeState
from cloud_api.notices.senders import MemorySender
from cloud_api.notices.tables import notices
from cloud_api.rebuild import rebuild
from contracts.levels import Level
from runtime.clock import ManualClock
from tests.contract.cloud_api.events import START, body_of, event_id, make_event

PLAN = """
channels:
- {id: mail, url_env: NONE, address: email, attempts: 3, retry_base_s: 10, retry_cap_s: 10}
- {id: robot, url_env: NONE}
people:
- {id: li, roles: [leader], language: en, addresses: {email: li@x.test}}
- {id: zhao, department: water, addresses: {email: zhao@x.test}}
routes:
- id: red
  occasions: [opened, level_raised]
  levels: [red]
  to: {roles: [leader]}
  channels: [mail, robot]
  escalate:
  - {after_s: 300, to: {people: [zhao]}, channels: [mail]}
- {id: work, occasions: [dispatched], to: {department: true}, channels: [mail]}
"""
CASE = case_id_of(event_id(1))


@pytest.fixture
def sender() -> MemorySender:
    """What was sent."""
    return MemorySender()


@pytest.fixture
def told(
    config: ApiConfig, clock: ManualClock, sender: MemorySender, tmp_path: Path
) -> Iterator[Api]:
    """An API with a plan."""
    (tmp_path / "notices.yaml").write_text(PLAN)
    planned = msgspec.structs.replace(config, notices=str(tmp_path / "notices.yaml"))
    built = build(planned, clock, sender=sender)
    built.step(START)  # the plan begins here
    yield built
    built.close()


def _titles(sender: MemorySender) -> list[tuple[str, str | None, str]]:
    return [(m.channel, m.address, m.title) for m in sender.sent]


def _open_red(api: Api) -> None:
    api.accept_events(body_of(make_event(1, level=Level.RED)))
    api.step(START)


def test_a_red_case_is_told_in_the_language_of_each(told: Api, sender: MemorySender) -> None:
    """The leader reads English, the group Chinese; yellow ones bother nobody."""
    told.accept_events(body_of(make_event(2)))
    _open_red(told)

    number = "futian-20260601-0002"
    assert sorted(_titles(sender), key=str) == [
        ("mail", "li@x.test", f"[red] ponding {number}"),
        ("robot", None, f"【红】积水 {number}"),
    ]


def test_a_level_that_rises_is_told_once(told: Api, sender: MemorySender) -> None:
    """Up to red is an occasion, red again is none."""
    told.accept_events(body_of(make_event(1)))
    told.step(START)
    told.accept_events(body_of(make_event(1, 1, level=Level.RED)))
    told.step(START)
    told.accept_events(body_of(make_event(1, 2, level=Level.RED)))
    told.step(START)

    assert [m.title for m in sender.sent if m.channel == "mail"] == [
        "[now red] ponding futian-20260601-0001"
    ]


def test_why_is_told_in_the_language_of_each(told: Api, sender: MemorySender) -> None:
    """What the system gave as its reason: the leader reads English, the group Chinese."""
    told.accept_events(body_of(make_event(1)))
    told.step(START)
    told.accept_events(body_of(make_event(1, 1, level=Level.RED)))
    told.step(START)
    bodies = {message.channel: message.body for message in sender.sent}

    assert "event revision 1: level red" in bodies["mail"]
    assert "事件第 1 次修订：级别红色" in bodies["robot"]


def test_nobody_acknowledges(told: Api, sender: MemorySender) -> None:
    """After five minutes the next one is told."""
    _open_red(told)
    sender.sent.clear()
    told.step(START + timedelta(minutes=4))
    early = list(sender.sent)
    told.step(START + timedelta(minutes=5))

    assert early == []
    assert _titles(sender) == [("mail", "zhao@x.test", "【无人签收】积水 futian-20260601-0001")]


def test_an_acknowledged_case_escalates_to_nobody(told: Api, sender: MemorySender) -> None:
    """Who has answered spares the others; the log says why."""
    _open_red(told)
    sender.sent.clear()
    told.services.desk.acknowledge(Deed(CASE, "li", START))
    told.step(START + timedelta(minutes=6))
    with told.services.store.read() as connection:
        why = connection.scalar(
            select(notices.c.why).where(notices.c.state == NoticeState.CANCELLED)
        )

    assert sender.sent == []
    assert why == "acknowledged by li at 2026-06-01T08:00:00Z"


def test_a_broken_channel_holds_up_no_other(told: Api, sender: MemorySender) -> None:
    """The robot speaks while mail is out of order; mail is tried again, then given up."""
    sender.broken.add("mail")
    _open_red(told)
    first = [m.channel for m in sender.sent]
    for minute in (1, 2, 3):
        told.step(START + timedelta(minutes=minute))
    with told.services.store.read() as connection:
        row = connection.execute(
            select(notices.c.state, notices.c.attempts, notices.c.why).where(
                notices.c.channel == "mail", notices.c.stage == 0
            )
        ).one()

    assert first == ["robot"]
    assert tuple(row) == ("given_up", 3, "channel mail: out of order")


def test_a_mended_channel_sends_what_waited(told: Api, sender: MemorySender) -> None:
    """Nothing is lost while a channel is down for a moment."""
    sender.broken.add("mail")
    _open_red(told)
    sender.broken.clear()
    told.step(START + timedelta(seconds=11))

    assert [m.channel for m in sender.sent] == ["robot", "mail"]


def test_a_cut_off_attempt_is_repeated(told: Api, sender: MemorySender) -> None:
    """A crash between beginning and end leads to another attempt, after the lease."""

    class Crash(Exception):
        """Power cut."""

    def crash(*_args: object) -> None:
        raise Crash

    sender.send, send = crash, sender.send  # type: ignore[method-assign, assignment]
    with pytest.raises(Crash):
        _open_red(told)
    sender.send = send  # type: ignore[method-assign]
    told.step(START + timedelta(seconds=60))
    early = [m.channel for m in sender.sent]
    told.step(START + timedelta(seconds=121))

    assert ("mail" in early, [m.channel for m in sender.sent].count("mail")) == (False, 1)


def test_the_department_is_told_of_its_case(told: Api, sender: MemorySender) -> None:
    """Dispatching tells the people of the department."""
    told.accept_events(body_of(make_event(1)))
    told.step(START)
    told.services.desk.move(
        Deed(CASE, "ann", START),
        MoveRequest(State.DISPATCHED, reason="yours", to_department="water"),
    )
    told.step(START)

    assert [(m.address, m.title) for m in sender.sent] == [
        ("zhao@x.test", "派单 futian-20260601-0001 积水")
    ]


def test_reading_the_log_again_says_nothing_twice(told: Api, sender: MemorySender) -> None:
    """A position that was restored from an old backup repeats no message."""
    from cloud_api.schema import positions  # noqa: PLC0415 - only this test turns it back

    _open_red(told)
    count = len(sender.sent)
    with told.services.store.write(Lane.NOTICES) as connection:
        connection.execute(update(positions).where(positions.c.name == "notices").values(seq=0))
    told.step(START)

    assert len(sender.sent) == count


def test_what_was_before_the_plan_is_not_told(
    config: ApiConfig, clock: ManualClock, sender: MemorySender, tmp_path: Path
) -> None:
    """A plan that is new tells nobody of old cases."""
    before = build(config, clock)
    _open_red(before)
    before.close()
    (tmp_path / "notices.yaml").write_text(PLAN)
    after = build(
        msgspec.structs.replace(config, notices=str(tmp_path / "notices.yaml")),
        clock,
        sender=sender,
    )
    after.step(START)
    after.close()

    assert sender.sent == []


def test_rebuild_of_notices_is_byte_identical(told: Api, sender: MemorySender) -> None:
    """Where each notice stands comes back from its log."""
    sender.broken.add("mail")
    _open_red(told)
    sender.broken.clear()
    told.services.desk.acknowledge(Deed(CASE, "li", START))
    told.step(START + timedelta(minutes=6))
    query = select(notices).order_by(notices.c.notice_id)
    with told.services.store.read() as connection:
        before = [tuple(row) for row in connection.execute(query)]

    report = rebuild(told.services.store, told.services.flows)
    with told.services.store.read() as connection:
        after = [tuple(row) for row in connection.execute(query)]

    assert before == after
    assert len(before) == 3
    assert report.digest_before == report.digest_after
