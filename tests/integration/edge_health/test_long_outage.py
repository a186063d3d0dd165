"""The hub is away for hours: the box measures on, its memory stays flat, and all of it arrives."""

import tracemalloc
from pathlib import Path

import pytest

from contracts.observation import Observation, Phase
from contracts.readings import Readings
from tests.integration.edge_agent.in_process import CONFIG, InProcess, box_config

pytestmark = pytest.mark.slow

HOURS = 4
EVERY_S = 10.0


def test_hours_without_a_hub_lose_nothing_and_take_no_memory(tmp_path: Path) -> None:
    """Every reading and observation of the outage is there in the end, each once, oldest first."""
    text = CONFIG.replace("every_s: 2", f"every_s: {EVERY_S}")
    box = InProcess(tmp_path, config=box_config(text))
    box.agent.start()
    box.run(1.0)
    box.hub.stop()
    tracemalloc.start()
    box.run(20.0)
    half = HOURS * 3600.0 / 2
    box.run(half, step_s=EVERY_S)
    before, _ = tracemalloc.get_traced_memory()
    box.run(half, step_s=EVERY_S)
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    stored = box.agent.outbox.rows
    heard = len(box.gateway.of(Readings))
    box.hub.start()
    box.run(60.0)
    readings = box.gateway.of(Readings)
    phases = {said.observation_id: said.phase for said in box.gateway.of(Observation)}
    seqs = [message.seq for message in readings]
    box.agent.close()

    assert heard <= 1
    assert stored > HOURS * 3600 / EVERY_S
    assert after - before < 500_000
    assert len(readings) >= HOURS * 3600 / EVERY_S
    assert seqs == sorted(set(seqs))
    assert set(phases.values()) == {Phase.END}
    assert box.agent.counters["letters_lost"] == box.agent.counters["dropped"] == 0
