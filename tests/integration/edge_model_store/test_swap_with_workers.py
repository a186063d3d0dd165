"""A whole box with decoders and inference workers as processes exchanges its network; tracks go on."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import av
import msgspec
import pytest
from av.video.stream import VideoStream

from contracts.status import Status
from edge.bootstrap import build
from edge.service import Agent
from tests.blob_network import red_square
from tests.integration.edge_model_store.model_box import MODEL, ModelBox
from tests.integration.edge_model_store.registry_server import RegistryServer, served

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

_DEADLINE_S = 120.0
_FPS = 5
_WORKERS = "vision: {decoders: processes, workers: 2}\n"


class WorkersBox(ModelBox):
    """Two cameras that watch the same recording of a red square, by the machine's clock."""

    def __init__(self, folder: Path, registry: RegistryServer) -> None:
        _draw(folder / "none.mp4", seconds=_DEADLINE_S + 30.0)
        super().__init__(folder, registry, [], more=_WORKERS)

    def boot(self) -> Agent:
        """Return a run of the box with processes beside it."""
        [camera] = self.config.cameras
        both = (camera, msgspec.structs.replace(camera, id="c-2"))
        agent = build(
            msgspec.structs.replace(self.config, cameras=both),
            self.folder,
            connect=lambda will: self.hub.session("b-1", will),
            evidence_store=self.store,
            rng=Random(1),
        )
        agent.start()
        return agent

    def until(self, done: Callable[[], bool]) -> None:
        """Step until a condition holds."""
        deadline_s = time.monotonic() + _DEADLINE_S
        while not done():
            assert time.monotonic() < deadline_s, self.results
            self.agent.step(datetime.now(UTC))
            self.gateway.step()

    def told(self, camera: str) -> list[set[int]]:
        """Return the numbers of a camera's tracks, message by message."""
        said = [one for one in self.tracks if one.camera == camera]
        return [{state.track for state in one.tracks} for one in said]


def _draw(path: Path, *, seconds: float) -> None:
    """Write a recording of a red square that drives from left to right once."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=_FPS)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = 160, 160, "yuv420p"
        frames = round(seconds * _FPS)
        for number in range(frames):
            picture = red_square(5 + 110 * number // frames, 60)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        container.mux(stream.encode(None))


@pytest.fixture
def box(tmp_path: Path) -> Iterator[WorkersBox]:
    """Return a running box."""
    with served() as registry:
        made = WorkersBox(tmp_path, registry)
        yield made
        made.agent.close()


def test_workers_change_their_network_without_a_gap(box: WorkersBox) -> None:
    """Both cameras look with the new network, and each has tracked one and the same car all the time."""
    cameras = ("c-1", "c-2")
    box.until(lambda: all(len(box.told(camera)) > 3 for camera in cameras))
    before = {camera.model_id for camera in box.agent.cameras}
    box.wish("1.1.0", box.pack("1.1.0", 2, network={"score": 0.8}))
    box.until(lambda: box.result == "applied")
    swapped = {camera: len(box.told(camera)) for camera in cameras}
    box.until(lambda: all(len(box.told(camera)) > swapped[camera] + 3 for camera in cameras))
    box.agent.heartbeat_every(0.1)
    box.until(lambda: box.version is not None)

    assert all((one or "").startswith("own-") for one in before)
    assert all((one.model_id or "").startswith(f"{MODEL}-1.1.0-") for one in box.agent.cameras)
    for camera in cameras:
        assert all(one == {1} for one in box.told(camera)[1:]), box.told(camera)
    assert box.agent.counters["inferences_lost"] == 0
    assert box.agent.counters["models_swapped"] == 1
    assert box.gateway.of(Status)[-1].versions[f"bundle.{MODEL}"] == "1.1.0"
