"""A whole box whose cameras and network run in processes of their own."""

import time
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import numpy as np
import pytest

from edge.bootstrap import build
from runtime.memory_hub import MemoryHub
from tests.contract.edge_vision.tiny_models import write_model
from tests.integration.edge_agent.in_process import Gateway, box_config
from tests.integration.edge_vision.drawn_video import draw_video

pytestmark = pytest.mark.slow

BOX = """
box: {{district: d-1, site: s-1, box: b-1, place: {{lon: 121.47, lat: 31.23}}}}
outbox: {{path: outbox.db}}
vision: {{decoders: processes, workers: {workers}}}
cameras:
- id: c-1
  source: {{file: clip.mp4, pace: fast}}
  detector: {{kind: onnx, model: tiny.onnx, names: [cat, dog]}}
  further_models:
  - {{id: fire, every_s: 0.4, detector: {{kind: onnx, model: tiny.onnx, names: [smoke, flame]}}}}
  zones:
  - {{id: all, polygon: [[0, 0], [1, 0], [1, 1], [0, 1]]}}
- id: c-2
  source: {{file: nothing.mp4}}
  detector: {{kind: onnx, model: tiny.onnx, names: [cat, dog]}}
- id: c-3
  source: {{file: clip.mp4, pace: fast}}
  detector: {{kind: onnx, model: broken.onnx}}
"""


@pytest.mark.parametrize("workers", [0, 1], ids=["network in the agent", "network in a worker"])
def test_a_box_sees_through_its_workers(tmp_path: Path, workers: int) -> None:
    """The cat in the clip is observed; cameras that cannot work do not hold up the one that can."""
    draw_video(tmp_path / "clip.mp4", frames=40)
    output = np.zeros((1, 84, 7), np.float32)
    output[0, 27] = [0.5, 0.5, 1.0, 1.0, 0.9, 0.9, 0.1]
    write_model(tmp_path / "tiny.onnx", output)
    (tmp_path / "broken.onnx").write_bytes(b"no network")
    hub = MemoryHub()
    gateway = Gateway(hub)
    config = box_config(BOX.format(workers=workers))
    agent = build(config, tmp_path, connect=lambda will: hub.session("b-1", will), rng=Random(1))
    agent.start()
    deadline_s = time.monotonic() + 60.0
    try:
        while not agent.ended and time.monotonic() < deadline_s:
            agent.step(datetime.now(UTC))
            gateway.step()
        for _ in range(5):
            agent.step(datetime.now(UTC))
            gateway.step()
    finally:
        agent.close()

    assert gateway.observations("zone_presence")
    assert agent.counters["c-1.frames_read"] == 40
    assert agent.counters["c-1.frames_inferred"] > 0
    looks = agent.counters["c-1.further_looks"]
    inferred_apart = agent.counters["c-1.frames_inferred"] + looks if workers else 0
    labels = {said.label for said in gateway.observations("zone_presence")}

    assert looks >= 3
    assert agent.counters["c-1.further_faults"] == 0
    assert {"smoke"} < labels
    assert agent.counters.get("inferences", 0) == inferred_apart
    assert agent.counters["c-1.decoder_restarts"] == 0
