"""Clips: cut from the camera's own stream, sealed here, pixelated where they leave."""

import base64
import io
import json
import shutil
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import av
import numpy as np
import pytest
from click.testing import CliRunner
from numpy.typing import NDArray

from cloud_api.evidence.stripping import strip_metadata
from cloud_api.media import HEAD_BYTES, check_head
from contracts.observation import Observation, Phase
from edge.__main__ import main
from edge.cameras.clip import Clip
from edge.cameras.packet_ring import PacketRing
from edge.cameras.pyav_source import PyAvSource
from edge.errors import CameraEnded
from edge.evidence.clip_redaction import CLIP_FPS, redacted_clip
from edge.evidence.redaction import FRAME_BLOCKS
from edge.vision.detections import Detections
from runtime.errors import ConfigError
from tests.integration.edge_agent.in_process import NAMES, START, InProcess, box_config
from tests.integration.edge_vision.drawn_video import draw_video

FRAMES, FPS = 300, 25
EPOCH = datetime(2026, 7, 1, 8, 0, tzinfo=UTC)
KEY = base64.b64encode(bytes(range(32))).decode()
BOX = """
box: {district: d-1, site: s-1, box: b-1}
outbox: {path: outbox.db}
EVIDENCE
cameras:
- id: c-1
  source: {file: a.mp4}
  detector: {kind: onnx, model: none.onnx}
  gate: {enabled: false}
  evidence: {clip: CLIP}
  masks: MASKS
  zones:
  - {id: door, kind: loitering, polygon: [[0, 0], [1, 0], [1, 1], [0, 1]], dwell_s: 1.0}
"""


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an H.264 clip of 12 s with a key frame every ten seconds at the most."""
    folder = tmp_path_factory.mktemp("film")
    return draw_video(folder / "a.mp4", frames=FRAMES, fps=FPS, codec="libx264")


def pictures(data: bytes) -> list[NDArray[np.uint8]]:
    """Return every picture of an MP4 file, BGR."""
    with av.open(io.BytesIO(data), "r") as container:
        return [
            np.asarray(one.to_ndarray(format="bgr24"), np.uint8)
            for one in container.decode(video=0)
        ]


def read_all(path: Path, ring: PacketRing) -> None:
    """Read a file to its end, its packets into a ring."""
    source = PyAvSource("c-1", path, pace="fast", epoch=EPOCH, ring=ring)
    source.open()
    with suppress(CameraEnded):
        while True:
            source.read(0.0)
    source.close()


def cut(path: Path, start_s: float, end_s: float, *, span_s: float = 60.0) -> Clip | None:
    """Return the clip between two seconds of a file."""
    ring = PacketRing("c-1", span_s=span_s, budget_bytes=10_000_000)
    read_all(path, ring)
    return ring.cut(EPOCH + timedelta(seconds=start_s), EPOCH + timedelta(seconds=end_s))


def test_a_clip_is_the_cameras_own_stream(film: Path) -> None:
    """Decoded, it gives the camera's very pixels: nothing was coded again."""
    clip = cut(film, 0.0, 2.0)
    assert clip is not None
    own = pictures(film.read_bytes())
    cut_out = pictures(clip.data)

    assert len(cut_out) == 51
    assert all(np.array_equal(a, b) for a, b in zip(cut_out, own, strict=False))
    assert clip.starts_at == EPOCH
    assert clip.ends_at - clip.starts_at == pytest.approx(
        timedelta(seconds=2.0), abs=timedelta(seconds=0.001)
    )


def test_a_clip_begins_where_it_can_be_decoded(film: Path) -> None:
    """The cut goes back to the key frame before the wanted moment."""
    clip = cut(film, 11.5, 11.8)
    assert clip is not None
    first = round((clip.starts_at - EPOCH).total_seconds() * FPS)
    cut_out, own = pictures(clip.data), pictures(film.read_bytes())

    assert 0 < first <= 11.5 * FPS
    assert len(cut_out) == 11.8 * FPS - first + 1
    assert np.array_equal(cut_out[0], own[first])


def test_what_is_not_kept_cannot_be_cut(film: Path) -> None:
    """Before the first picture reached the ring, and long after the last, there is nothing."""
    empty = PacketRing("c-1", span_s=5.0, budget_bytes=100_000)

    assert empty.cut(EPOCH, EPOCH + timedelta(seconds=1)) is None
    assert cut(film, 60.0, 61.0) is None


def test_old_groups_go(film: Path) -> None:
    """No more is kept than the span asks for, from a key frame on."""
    clip = cut(film, 0.0, 12.0, span_s=1.0)
    assert clip is not None

    assert clip.starts_at > EPOCH + timedelta(seconds=5.0)


def test_a_group_beyond_the_budget_is_let_go_and_counted(film: Path) -> None:
    """Its end could not be decoded without its beginning; memory stays bounded."""
    ring = PacketRing("c-1", span_s=60.0, budget_bytes=2_000)
    read_all(film, ring)

    assert ring.counters["clip_overruns"] > 0
    assert ring._bytes <= 2_000


def test_nothing_fine_is_left_in_a_redacted_clip(film: Path) -> None:
    """At most 24 blocks along the shorter side, flat but for the coding, five pictures a second."""
    data, redaction = redacted_clip(film.read_bytes(), ())
    found = pictures(data)
    height, width = found[0].shape[:2]
    tiles = found[5][: height // 8 * 8, : width // 8 * 8].astype(int)
    tiles = tiles.reshape(height // 8, 8, width // 8, 8, 3)

    assert len(found) == 12 * CLIP_FPS
    assert height // 8 <= FRAME_BLOCKS
    assert (redaction.method, redaction.block_px) == ("frame", 8)
    assert float(tiles.std(axis=(1, 3)).mean()) < 3.0


def test_masks_are_black_in_a_redacted_clip(film: Path) -> None:
    """What nobody is to see is in no picture of it."""
    left = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))
    found = pictures(redacted_clip(film.read_bytes(), (left,))[0])

    assert max(int(one[:, : one.shape[1] // 2 - 16].max()) for one in found) < 32
    assert min(int(one[:, one.shape[1] // 2 + 16 :].mean()) for one in found) > 60


def test_the_api_takes_a_redacted_clip_as_it_is(film: Path) -> None:
    """It is what its media type says, and holds no metadata that would be taken out: its hash stays."""
    data, _ = redacted_clip(film.read_bytes(), ())
    check_head("video/mp4", data[:HEAD_BYTES])

    assert strip_metadata("video/mp4", data) == data


def test_bytes_that_are_no_video_give_no_clip() -> None:
    """What cannot be decoded is not sent."""
    with pytest.raises((av.error.FFmpegError, ValueError)):
        redacted_clip(b"no video at all" * 100, ())


def boxed(
    film: Path,
    folder: Path,
    *,
    clip: str,
    originals: bool,
    masks: str = "[]",
    leaves_at: int = FRAMES,
    guards: str = "",
) -> InProcess:
    """Return a box that has run over the film; somebody stands in it until ``leaves_at``."""
    shutil.copy(film, folder / "a.mp4")
    (folder / "key").write_text(KEY)
    evidence = "evidence: {originals: {key_file: key}}" if originals else ""
    text = BOX.replace("CLIP", clip).replace("MASKS", masks)
    text = text.replace("EVIDENCE", evidence) + guards
    (folder / "edge.yaml").write_text(text)
    somebody = Detections(
        np.asarray([[60, 30, 90, 110]], np.float32),
        np.asarray([0.9], np.float32),
        np.asarray([0], np.int32),
        NAMES,
    )
    found = dict.fromkeys(range(leaves_at), somebody)
    box = InProcess(folder, config=box_config(text), found=found, filmed=True)
    box.agent.start()
    box.run(16.0)
    return box


def dwells(box: InProcess) -> list[Observation]:
    """Return what was said about the stay."""
    return box.gateway.observations("zone_dwell")


def test_the_observation_names_the_clip_that_stays(film: Path, tmp_path: Path) -> None:
    """An update carries its hash; the clip lies sealed and is released as it was, with a line about it."""
    box = boxed(film, tmp_path, clip="{before_s: 1, after_s: 2}", originals=True)
    told = [said for said in dwells(box) if said.original_clip is not None]
    clip = told[0].original_clip
    assert clip is not None
    sealed = (tmp_path / "originals" / f"{clip.sha256}.mp4.sealed").read_bytes()
    arguments = ["release", clip.sha256, "--config", str(tmp_path / "edge.yaml")]
    arguments += ["--purpose", "evidence", "--case", "C-1", "--by", "Li Lei"]
    done = CliRunner().invoke(main, [*arguments, "--out", str(tmp_path / "out.mp4")])

    assert dwells(box)[0].original_clip is None
    assert told[0].phase is Phase.UPDATE
    assert clip.expires_at - clip.starts_at == timedelta(hours=72)
    assert START <= clip.starts_at <= told[0].started_at <= clip.ends_at
    assert b"ftyp" not in sealed
    # the film is of 2026; by the machine's clock it may have run out, and then nothing is given
    if datetime.now(UTC) < clip.expires_at:
        assert done.exit_code == 0, done.output
        released = (tmp_path / "out.mp4").read_bytes()
        assert len(pictures(released)) >= 3 * FPS
        assert json.loads((tmp_path / "releases.jsonl").read_text())["sha256"] == clip.sha256
    else:
        assert done.exit_code == 2
    assert not any(name == clip.sha256 for name in box.store.pictures)
    assert box.agent.counters["clips_kept"] == 1


def test_a_redacted_clip_goes_where_it_is_wanted(film: Path, tmp_path: Path) -> None:
    """It is uploaded under its hash, with how it was redacted; the original stays."""
    box = boxed(film, tmp_path, clip="{before_s: 1, after_s: 2, send: true}", originals=False)
    clips = [one for said in dwells(box) for one in said.evidence if one.media_type == "video/mp4"]
    name = clips[0].sha256

    assert {name} == {one.sha256 for one in clips}
    assert clips[0].redaction is not None
    assert max(pictures(box.store.pictures[name])[0].shape) < 320
    assert {None} == {said.original_clip for said in dwells(box)}
    assert box.agent.counters["clips_sent"] == 1


def test_an_episode_that_ends_first_is_ended_again_with_its_clip(
    film: Path, tmp_path: Path
) -> None:
    """The second end has a higher revision, the same moment of ending, and the clip."""
    box = boxed(film, tmp_path, clip="{before_s: 1, after_s: 6}", originals=True, leaves_at=60)
    ends = [said for said in dwells(box) if said.phase is Phase.END]

    assert [said.original_clip is not None for said in ends] == [False, True]
    assert ends[0].ended_at == ends[1].ended_at
    assert ends[1].rev == ends[0].rev + 1


def test_a_masked_camera_keeps_no_original(film: Path, tmp_path: Path) -> None:
    """A clip that is not coded again cannot leave out what nobody is to see."""
    mask = "[{id: window, polygon: [[0, 0], [0.2, 0], [0.2, 0.2], [0, 0.2]]}]"
    box = boxed(
        film, tmp_path, clip="{before_s: 1, after_s: 2, send: true}", originals=True, masks=mask
    )

    assert box.agent.counters["clips_masked"] == 1
    assert list((tmp_path / "originals").glob("*.mp4.sealed")) == []
    assert box.agent.counters["clips_sent"] == 1


def test_no_room_no_clip_and_the_observation_still_goes(film: Path, tmp_path: Path) -> None:
    """With the disk guard's hand on the spool, the stay is told without a clip, and it is counted."""
    box = boxed(
        film,
        tmp_path,
        clip="{before_s: 1, after_s: 2, send: true}",
        originals=True,
        guards="guards: {disk_free_bytes: 1000000000000000}\n",
    )

    assert dwells(box)[-1].phase is Phase.END or dwells(box)[-1].dwell_s > 5.0
    assert {((), None)} == {(said.evidence, said.original_clip) for said in dwells(box)}
    assert box.agent.counters["clips_failed"] == 2


@pytest.mark.parametrize(
    ("clip", "source", "expected"),
    [
        ("{}", "file: a.mp4", "kept nowhere"),
        ("{send: true}", "folder: pictures", "own stream"),
        ("{after_s: 0}", "file: a.mp4", "after_s"),
    ],
    ids=["nowhere", "folder", "no length"],
)
def test_a_clip_that_cannot_be_is_refused(clip: str, source: str, expected: str) -> None:
    """What would be kept nowhere, or has no stream to be cut from, is said when the file is read."""
    text = BOX.replace("CLIP", clip).replace("file: a.mp4", source)

    with pytest.raises(ConfigError, match=expected):
        box_config(text.replace("MASKS", "[]").replace("EVIDENCE", ""))
