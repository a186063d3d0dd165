"""Sharper pictures by a face network, and what happens where it is not there or does not find anybody."""

from datetime import timedelta
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from structlog.testing import capture_logs

from edge.config import check_edge_config
from edge.errors import ModelError
from edge.evidence.config import FaceKind, FaceModelConfig, RedactPolicy
from edge.evidence.desk import EvidenceDesk
from edge.evidence.faces import build_faces, load_faces
from edge.evidence.redaction import redact
from edge.evidence.spool import Spool
from edge.evidence.subject import Subject
from edge.evidence.view import View
from runtime.errors import ConfigError
from runtime.yaml_document import parse_document
from tests.unit.edge_agent.tracking import EPOCH, view_of

Pixels = NDArray[np.uint8]
PERSON = (100.0, 40.0, 164.0, 232.0)
HEAD = (100, 40, 164, 90)
NOBODY = np.empty((0, 4))
BOX = """
box: {district: d-1, site: s-1, box: b-1}
EVIDENCE
cameras:
- {id: c-1, source: {file: a.mp4}, detector: {kind: background}, evidence: {redact: faces}}
"""


class Given:
    """Finds the faces that it was given; fails where it was given none."""

    def __init__(self, faces: NDArray[np.float64] | None) -> None:
        self._faces = faces

    def find(self, picture: Pixels) -> NDArray[np.float64]:
        """Return the faces."""
        if self._faces is None:
            cv2.resize(picture, (0, 0))
        return NOBODY if self._faces is None else self._faces


def noisy(*, sure: bool = True) -> View:
    """Return a view of noise in which one person was found."""
    pixels = np.random.default_rng(3).integers(0, 256, (270, 480, 3), np.uint8)
    return view_of(pixels, [PERSON], sure=sure)


def across(picture: Pixels, area: tuple[int, int, int, int]) -> int:
    """Return how many blocks lie across the most finely shown row of an area."""
    left, top, right, bottom = area
    steps = np.any(np.diff(picture[top:bottom, left:right].astype(int), axis=1) != 0, axis=2)
    return int(steps.sum(axis=1).max()) + 1


def about(view: View, faces: NDArray[np.float64] | None) -> Pixels:
    """Return a picture about the person."""
    return redact(view, RedactPolicy.FACES, Subject("person", PERSON), faces)[0]


def test_clothes_are_sharper_and_the_head_is_not() -> None:
    """The body keeps up to 32 blocks, the head no more than without a face network."""
    picture = about(noisy(), NOBODY)
    plain = redact(noisy(), RedactPolicy.AUTO, Subject("person", PERSON))[0]

    assert across(plain, (100, 120, 164, 230)) <= 9
    assert 16 < across(picture, (100, 120, 164, 230)) <= 33
    assert across(picture, HEAD) <= 9


def test_a_face_that_is_found_is_covered_wherever_it_is() -> None:
    """One that the detector of persons missed keeps four blocks, or six pixels a block."""
    face = np.asarray([[300.0, 60.0, 340.0, 110.0]])
    picture = about(noisy(), face)

    assert across(picture, (300, 60, 340, 110)) <= 6
    assert across(about(noisy(), NOBODY), (300, 60, 340, 110)) > 8


@pytest.mark.parametrize("at", [(110.0, 50.0, 140.0, 80.0), (-40.0, -40.0, 900.0, 900.0)])
def test_covering_a_face_never_shows_more(at: tuple[float, float, float, float]) -> None:
    """Where it was coarser before, it stays so, also for a face as large as the picture."""
    bare = across(about(noisy(), NOBODY), HEAD)

    assert across(about(noisy(), np.asarray([at])), HEAD) <= bare


def test_who_lies_or_is_cut_off_is_covered_wholly() -> None:
    """The head may be anywhere in a box that is no taller than wide."""
    box = (100.0, 40.0, 292.0, 150.0)
    view = view_of(noisy().frame.bgr().copy(), [box])
    picture = redact(view, RedactPolicy.FACES, Subject("person", box), NOBODY)[0]

    assert across(picture, (100, 40, 292, 150)) <= 17


@pytest.mark.parametrize("sure", [True, False], ids=["nobody looked", "not sure"])
def test_without_a_network_pictures_are_as_without_the_wish(*, sure: bool) -> None:
    """No face network, or a view that is not sure: redacted as by auto."""
    subject = Subject("person", PERSON)
    faces = None if sure else NOBODY
    picture, redaction = redact(noisy(sure=sure), RedactPolicy.FACES, subject, faces)
    plain, known = redact(noisy(sure=sure), RedactPolicy.AUTO, subject)

    assert np.array_equal(picture, plain)
    assert redaction == known


def test_a_network_that_fails_makes_the_picture_coarser_and_is_counted(tmp_path: Path) -> None:
    """The picture goes, redacted as by auto; the failure is told once."""
    desk = EvidenceDesk(Spool(tmp_path, 10_000_000), None, Given(None))
    with capture_logs() as logs:
        made = [
            desk.picture(noisy(), policy, Subject("person", PERSON))
            for policy in (RedactPolicy.FACES, RedactPolicy.AUTO)
        ]
    assert made[0] is not None
    assert made[1] is not None

    assert made[0].sha256 == made[1].sha256
    assert [one["event"] for one in logs] == ["faces_failed"]
    assert desk.counters["faces_failed"] == 1


def test_the_desk_asks_the_network_and_says_how_it_redacted(tmp_path: Path) -> None:
    """The evidence names the method; where nothing but auto is wished for nobody is asked."""
    desk = EvidenceDesk(Spool(tmp_path, 10_000_000), None, Given(NOBODY))
    made = desk.picture(noisy(), RedactPolicy.FACES, Subject("person", PERSON))
    assert made is not None
    assert made.redaction is not None

    assert made.redaction.method == "faces"
    assert made.captured_at - EPOCH < timedelta(days=1)


@pytest.mark.parametrize("kind", list(FaceKind))
def test_a_network_that_cannot_be_read_is_refused_and_the_box_goes_on(
    tmp_path: Path, kind: FaceKind
) -> None:
    """Missing, or no network: named in the log, and there is none."""
    (tmp_path / "rubbish.onnx").write_bytes(b"no network at all" * 10)
    config = FaceModelConfig(model="rubbish.onnx", kind=kind)
    missing = FaceModelConfig(model="gone.onnx", kind=kind)
    with pytest.raises(ModelError, match="no such file"):
        load_faces(missing, tmp_path)
    with capture_logs() as logs:
        found = build_faces(config, tmp_path)

    assert found is None
    assert [one["event"] for one in logs] == ["faces_refused"]
    assert build_faces(None, tmp_path) is None


def test_the_wish_without_a_network_is_refused() -> None:
    """A camera that redacts by faces needs the box to have a face network."""
    with pytest.raises(ConfigError, match=r"evidence\.faces"):
        check_edge_config(parse_document(BOX.replace("EVIDENCE", ""), "edge.yaml"))
    faces = "evidence: {faces: {model: yunet.onnx}}"
    config = check_edge_config(parse_document(BOX.replace("EVIDENCE", faces), "edge.yaml"))

    assert config.evidence.faces == FaceModelConfig(model="yunet.onnx")
