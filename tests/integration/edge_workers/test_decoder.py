"""A camera's decoder in a process of its own."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from random import Random

import av
import numpy as np
import pytest
from av.video.stream import VideoStream

from edge.cameras.frame import Frame
from edge.cameras.pyav_source import PyAvSource
from edge.errors import CameraEnded
from edge.workers.nursery import Nursery
from edge.workers.orders import DecoderOrder
from edge.workers.process_feed import ProcessFeed
from tests.integration.edge_vision.drawn_video import draw_video

pytestmark = pytest.mark.slow


def order(address: Path | str, *, live: bool = False, loop: bool = False) -> DecoderOrder:
    """Return an order to read a file as fast as frames are taken."""
    return DecoderOrder(
        camera="c-1",
        address=address,
        live=live,
        fast=not live and not loop,
        loop=loop,
        transport="tcp",
        timeout_s=2.0,
        seed=1,
    )


@pytest.fixture
def feed_of() -> Iterator[Callable[[DecoderOrder], ProcessFeed]]:
    """Return a maker of started feeds, which are closed afterwards."""
    feeds: list[ProcessFeed] = []
    nursery = Nursery()

    def make(wanted: DecoderOrder) -> ProcessFeed:
        feed = ProcessFeed(wanted, nursery, Random(1))
        feed.start()
        feeds.append(feed)
        return feed

    yield make
    for feed in feeds:
        feed.close()


def collect(feed: ProcessFeed, until: Callable[[list[Frame]], bool]) -> list[Frame]:
    """Return the frames that came until a condition held, or within 60 s."""
    frames: list[Frame] = []
    deadline_s = time.monotonic() + 60.0
    while not until(frames) and time.monotonic() < deadline_s:
        frames += feed.take(datetime.now(UTC))
        time.sleep(0.002)  # the loop of the agent waits as well
    return frames


def here(path: Path) -> list[Frame]:
    """Return the frames of a file as they are decoded in this process."""
    source = PyAvSource("c-1", path, pace="fast")
    source.open()
    frames: list[Frame] = []
    try:
        while True:
            frame = source.read(1.0)
            if frame is not None:
                frames.append(frame)
    except CameraEnded:
        return frames
    finally:
        source.close()


def test_frames_are_the_same_as_in_the_agents_own_process(
    tmp_path: Path, feed_of: Callable[[DecoderOrder], ProcessFeed]
) -> None:
    """Every frame comes, in order, at its time, to the last bit of brightness and colour."""
    path = draw_video(tmp_path / "clip.mp4", frames=30)
    expected = here(path)
    feed = feed_of(order(path))
    frames = collect(feed, lambda _: feed.ended)

    assert [frame.index for frame in frames] == [frame.index for frame in expected]
    assert [frame.pts_s for frame in frames] == [frame.pts_s for frame in expected]
    for one, other in zip(frames, expected, strict=True):
        np.testing.assert_array_equal(one.luma, other.luma)
        np.testing.assert_array_equal(one.bgr(), other.bgr())
    assert feed.counters["frames"] == 30
    assert feed.fault is None


def test_a_file_that_is_missing_is_a_fault_for_a_person(
    tmp_path: Path, feed_of: Callable[[DecoderOrder], ProcessFeed]
) -> None:
    """What only a person can put right is told, not retried."""
    feed = feed_of(order(tmp_path / "nothing.mp4"))
    collect(feed, lambda _: feed.ended)

    assert feed.fault is not None
    assert "nothing.mp4" in feed.fault
    assert feed.counters["decoder_restarts"] == 0


def test_a_killed_decoder_is_started_again_and_time_goes_on(
    tmp_path: Path, feed_of: Callable[[DecoderOrder], ProcessFeed]
) -> None:
    """Kill -9 costs some frames: what follows is a discontinuity, with growing time and index."""
    feed = feed_of(order(draw_video(tmp_path / "clip.mp4", frames=250), loop=True))
    before = collect(feed, lambda frames: len(frames) >= 5)
    assert feed.pid is not None
    os.kill(feed.pid, signal.SIGKILL)
    after = collect(feed, lambda frames: any(frame.discontinuity for frame in frames))
    restarted = next(frame for frame in after if frame.discontinuity)

    assert feed.counters["decoder_restarts"] == 1
    assert restarted.pts_s > before[-1].pts_s
    assert restarted.index > before[-1].index


def test_a_clip_comes_out_of_the_decoders_process(
    tmp_path: Path, feed_of: Callable[[DecoderOrder], ProcessFeed]
) -> None:
    """The last seconds are kept where they are decoded, and cut there when the agent asks."""
    film = draw_video(tmp_path / "a.mp4", frames=200, codec="libx264")
    wanted = replace(order(film, loop=True), clip_span_s=30.0, clip_bytes=1_000_000)
    feed = feed_of(wanted)
    frames = collect(feed, lambda came: len(came) >= 40)
    asked = feed.cut(frames[0].captured_at, frames[30].captured_at)
    collect(feed, lambda _: asked.done())
    clip = asked.result(0.0)
    lost = feed.cut(frames[0].captured_at, frames[0].captured_at)
    feed.close()

    assert clip is not None
    with av.open(BytesIO(clip.data), "r") as container:
        assert len(list(container.decode(video=0))) >= 30
    assert clip.starts_at <= frames[0].captured_at
    assert lost.result(0.0) is None


def test_nobody_waits_for_a_camera_that_says_nothing(
    feed_of: Callable[[DecoderOrder], ProcessFeed],
) -> None:
    """A refused connection is told as trouble, without the password, and taking never waits."""
    feed = feed_of(order("rtsp://u:secret@127.0.0.1:9/x", live=True))
    collect(feed, lambda _: feed.trouble is not None)

    assert feed.trouble is not None
    assert "secret" not in feed.trouble
    assert not feed.ended


def test_an_order_never_shows_its_credentials() -> None:
    """What is logged of an order has no address in it."""
    assert "secret" not in repr(order("rtsp://u:secret@127.0.0.1:9/x"))


def test_a_resolution_that_changes_in_mid_stream_loses_no_frame(
    tmp_path: Path, feed_of: Callable[[DecoderOrder], ProcessFeed]
) -> None:
    """A camera that is switched to a larger picture gets larger slots, while old ones are read."""
    parts = [
        encode(tmp_path / f"{number}.h264", width, height)
        for number, (width, height) in enumerate(((64, 48), (320, 240), (160, 120)))
    ]
    path = tmp_path / "camera.h264"
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    feed = feed_of(order(path))
    frames = collect(feed, lambda _: feed.ended)
    sizes = [(frame.width, frame.height) for frame in frames]

    assert feed.fault is None
    assert sizes == [(64, 48)] * 10 + [(320, 240)] * 10 + [(160, 120)] * 10
    assert [round(float(frame.luma.mean()), -1) for frame in frames] == [100.0] * 30


def encode(path: Path, width: int, height: int) -> Path:
    """Write ten grey frames as a bare H.264 stream; return its path."""
    with av.open(str(path), "w", format="h264") as container:
        stream = container.add_stream("libx264", rate=10)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.max_b_frames = 0
        for number in range(10):
            planes = np.full((height * 3 // 2, width), 128, np.uint8)
            planes[:height] = 100
            frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path
