"""Files that are cut off, damaged, or no videos."""

from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest

from edge.cameras.pyav_source import PyAvSource
from edge.errors import CameraEnded, CameraSetup
from tests.integration.edge_vision.drawn_video import draw_video


def _read_all(source: PyAvSource) -> tuple[int, str]:
    """Return how many frames came, and how it ended."""
    source.open()
    frames = 0
    try:
        while True:
            frames += source.read(1.0) is not None
    except CameraEnded as end:
        return frames, str(end)
    finally:
        source.close()


def test_a_file_cut_in_half_gives_what_can_be_decoded(tmp_path: Path) -> None:
    """The first half comes, then the end, which says and counts what is missing."""
    video = draw_video(tmp_path / "clip.mp4", frames=50)
    content = video.read_bytes()
    video.write_bytes(content[: len(content) // 2])
    source = PyAvSource("c-1", video, pace="fast")
    frames, end = _read_all(source)

    assert 5 <= frames < 50
    assert f"is over after {frames} of 50 frames; it is cut off or damaged: replace it" in end
    assert 50 - frames == source.counters["missing_frames"]


def test_a_damaged_file_is_counted_not_crashed(tmp_path: Path) -> None:
    """Bytes overturned in the middle cost frames or mark them as corrupt; nothing is raised."""
    video = draw_video(tmp_path / "clip.mp4", frames=50)
    content, rng = bytearray(video.read_bytes()), Random(3)
    for _ in range(400):
        content[rng.randrange(len(content) // 5, len(content))] = rng.randrange(256)
    video.write_bytes(content)
    source = PyAvSource("c-1", video, pace="fast")
    frames, _ = _read_all(source)
    trouble = ("corrupt_packets", "corrupt_frames", "undecodable_packets", "missing_frames")

    assert frames > 5
    assert sum(source.counters[name] for name in trouble) > 0


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is not a video that can be read"),
        (b"sensors: []\n" * 100, "is not a video that can be read"),
        (None, "no such file; check the camera's address"),
    ],
    ids=["empty", "text", "missing"],
)
def test_what_is_no_video_is_a_setup_error(
    tmp_path: Path, content: bytes | None, message: str
) -> None:
    """No retry makes a video of a text: a person must look, and is told at what."""
    path = tmp_path / "clip.mp4"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(CameraSetup, match=message) as caught:
        PyAvSource("c-1", path).open()
    assert str(path) in str(caught.value)


def test_a_looped_file_goes_on_with_a_discontinuity(tmp_path: Path) -> None:
    """The end joins the beginning: time and index grow on, the first frame is marked."""
    video = draw_video(tmp_path / "clip.mp4", frames=5)
    source = PyAvSource(
        "c-1", video, pace="fast", loop=True, epoch=datetime(2026, 7, 1, tzinfo=UTC)
    )
    source.open()
    frames = [frame for frame in (source.read(1.0) for _ in range(12)) if frame is not None]
    source.close()

    assert list(range(12)) == [frame.index for frame in frames]
    assert [frame.index for frame in frames if frame.discontinuity] == [5, 10]
    assert pytest.approx([number / 25 for number in range(12)]) == [f.pts_s for f in frames]
    assert source.counters["loops"] == 2
