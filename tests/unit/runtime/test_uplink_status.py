"""What an uplink says of its box beside the outbox."""

from pathlib import Path

from contracts.codec import decode_message, encode
from contracts.envelope import Channel
from contracts.status import BoxState, Status
from runtime.memory_hub import MemoryHub
from runtime.session import Will
from tests.unit.runtime.letters import BOOT, BOX, ROOT, START, open_outbox
from tests.unit.runtime.street import build


def status(state: BoxState, seq: int) -> Status:
    """Return a status of the test's box."""
    return Status(
        id=f"{BOX}/{BOOT}/status/{seq}",
        box=BOX,
        boot_id=BOOT,
        channel=Channel.STATUS,
        seq=seq,
        at=START,
        state=state,
    )


def retained_status(hub: MemoryHub) -> BoxState:
    """Return the state that a late subscriber sees."""
    late = hub.session("late")
    late.subscribe(f"{ROOT}/status")
    late.start()
    message = decode_message(late.receive()[-1].payload)
    late.close()
    assert isinstance(message, Status)
    return message.state


def test_the_status_is_retained_and_said_again_after_a_last_will(tmp_path: Path) -> None:
    """When the hub has published the will of a lost connection, the box corrects it."""
    hub = MemoryHub()
    will = Will(f"{ROOT}/status", encode(status(BoxState.OFFLINE, 0)))
    session = hub.session(BOX, will)
    uplink = build(open_outbox(tmp_path), session)
    uplink.publish_status(status(BoxState.BIRTH, 1))
    session.start()
    uplink.step(START)
    assert retained_status(hub) is BoxState.BIRTH

    session.kill()
    assert retained_status(hub) is BoxState.OFFLINE
    session.start()
    uplink.step(START)

    assert retained_status(hub) is BoxState.BIRTH
