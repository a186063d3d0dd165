"""A box that is killed at any write: what was told is ended, nothing is told in two ways."""

import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from contracts.codec import encode
from contracts.observation import Observation, Phase
from edge.service import Agent
from tests.integration.edge_agent.in_process import InProcess

pytestmark = pytest.mark.slow


class Killed(BaseException):
    """The power went: nothing may catch this."""


class Fuse:
    """Ends the process at the n-th write, before it or just after it.

    Args:
        writes: which one.
        after: whether the write itself still happens.
    """

    def __init__(self, writes: int, *, after: bool) -> None:
        self.left = writes
        self.after = after

    def guard(self, agent: Agent) -> None:
        """Put the fuse into everything that a box writes."""
        for owner, name in (
            (agent.book, "save"),
            (agent.book, "forget"),
            (agent.outbox, "append"),
            (agent.outbox, "confirm"),
        ):
            setattr(owner, name, self._fused(getattr(owner, name)))

    def _fused(self, write: Callable[..., object]) -> Callable[..., object]:
        def fused(*args: object) -> object:
            self.left -= 1
            if self.left == 0 and not self.after:
                raise Killed
            done = write(*args)
            if self.left == 0:
                raise Killed
            return done

        return fused


def die(box: InProcess) -> None:
    """Let go of everything as a killed process does: no goodbye, no flush, files as they are."""
    agent = box.agent
    agent.session.kill()  # type: ignore[attr-defined]
    agent.book._database.close()
    agent.outbox._file.close()


def statement(observation: Observation) -> bytes:
    """Return what a message says, whoever carries it."""
    return encode(replace(observation, id="-", boot_id="0" * 16, seq=0, sent_at=None, resent=False))


@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(kills=st.lists(st.tuples(st.integers(1, 120), st.booleans()), min_size=1, max_size=3))
def test_every_start_gets_its_end_whenever_it_is_killed(kills: list[tuple[int, bool]]) -> None:
    """At the gateway every episode is ended, and no revision of one says two different things."""
    with tempfile.TemporaryDirectory() as name:
        box = InProcess(Path(name))
        for number, (writes, after) in enumerate(kills, start=2):
            Fuse(writes, after=after).guard(box.agent)
            box.agent.start()
            with suppress(Killed):
                box.run(5.0)
            die(box)
            box.seed = number
            box.agent = box.boot()
        box.agent.start()
        box.run(14.0)
        backlog = box.agent.uplink.backlog
        box.agent.close()
    said: dict[tuple[str, int], set[bytes]] = {}
    latest: dict[str, Observation] = {}
    for observation in box.gateway.of(Observation):
        key = (observation.observation_id, observation.rev)
        said.setdefault(key, set()).add(statement(observation))
        known = latest.get(observation.observation_id)
        if known is None or observation.rev > known.rev:
            latest[observation.observation_id] = observation

    assert backlog == 0
    assert {one.phase for one in latest.values()} <= {Phase.END}
    assert [key for key, statements in said.items() if len(statements) > 1] == []
