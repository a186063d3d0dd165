"""A box, a hub and a gateway, for the tests of the uplink."""

from datetime import timedelta
from pathlib import Path
from random import Random

from runtime.memory_hub import MemoryHub, MemorySession
from runtime.outbox import Outbox
from runtime.uplink import Uplink
from tests.unit.runtime.letters import BOOT, BOX, START, Gateway, open_outbox


def build(
    outbox: Outbox,
    session: MemorySession,
    *,
    boot_id: str = BOOT,
    window: int = 100,
    resend_after_s: float = 10.0,
) -> Uplink:
    """Return an uplink of the test's box."""
    return Uplink(
        outbox=outbox,
        session=session,
        district="minhang",
        site="bridge",
        box=BOX,
        boot_id=boot_id,
        window=window,
        resend_after_s=resend_after_s,
        rng=Random(1),
    )


class Street:
    """A box, a hub and a gateway, all in memory but for the outbox."""

    def __init__(self, folder: Path, window: int = 100) -> None:
        self.hub = MemoryHub()
        self.folder = folder
        self.window = window
        self.now = START
        self.gateway = Gateway(self.hub.session("gateway"))
        self.outbox = open_outbox(folder)
        self.session = self.hub.session(BOX)
        self.uplink = build(self.outbox, self.session, window=window)
        self.session.start()

    def step(self, seconds: float = 0.0) -> list[str]:
        """Let time pass, run one step, return the topics of what it handed out."""
        self.now += timedelta(seconds=seconds)
        return [message.topic for message in self.uplink.step(self.now)]

    def restart(self, boot_id: str) -> None:
        """Start the box again under a new boot id."""
        self.outbox.close()
        self.session.kill()
        self.outbox = open_outbox(self.folder, boot_id=boot_id)
        self.session = self.hub.session(BOX)
        self.uplink = build(self.outbox, self.session, boot_id=boot_id, window=self.window)
        self.session.start()

    def seqs(self) -> list[int]:
        """Step once and return the seqs that reached the gateway."""
        self.step()
        return [message.seq for message in self.gateway.take()]
