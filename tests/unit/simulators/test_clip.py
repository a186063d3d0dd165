"""The drawn clip as a file: readable, complete and looking like the scene."""

from pathlib import Path

import av
import numpy as np
import pytest

from simulators.clip import best_encoder, write_clip
from simulators.errors import ClipError
from simulators.street_scene import StreetScene
from simulators.street_traffic import HEIGHT_PX, WIDTH_PX


def test_a_clip_plays_back(tmp_path: Path) -> None:
    """All frames are there, with the right size, rate and time, and show what was drawn."""
    scene = StreetScene(1, 4.0)
    steps: list[tuple[int, int]] = []
    written = write_clip(
        scene, tmp_path / "out.mp4", fps=8, progress=lambda done, total: steps.append((done, total))
    )
    with av.open(written.path) as container:
        stream = container.streams.video[0]
        frames = [
            (frame.time, frame.to_ndarray(format="bgr24")) for frame in container.decode(stream)
        ]

    assert (written.frames, written.fps) == (32, 8)
    assert [number / 8 for number in range(32)] == pytest.approx([at for at, _ in frames])
    assert frames[0][1].shape == (HEIGHT_PX, WIDTH_PX, 3)
    assert steps[-1] == (32, 32)
    difference = np.abs(frames[24][1].astype(int) - scene.frame(3.0)).mean()
    assert difference < 6.0


def test_the_encoder_is_h264_where_there_is_one() -> None:
    """This wheel has H.264; a wheel without falls back to MPEG-4."""
    assert best_encoder() in {"libx264", "h264", "mpeg4"}


@pytest.mark.parametrize("fps", [0, 61])
def test_impossible_frame_rates_are_refused(tmp_path: Path, fps: int) -> None:
    """A frame rate outside 1..60 is refused before a file is made."""
    with pytest.raises(ClipError, match="expected 1 to 60"):
        write_clip(StreetScene(1, 1.0), tmp_path / "out.mp4", fps=fps)

    assert not list(tmp_path.iterdir())
