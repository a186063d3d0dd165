"""Sharper vehicles by a plate network, and what happens where it is not there or is not sure."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from structlog.testing import capture_logs

from edge.cameras.frame import Frame
from edge.config import check_edge_config
from edge.errors import InferenceFault, ModelError
from edge.evidence.config import PlateModelConfig, RedactPolicy
from edge.evidence.desk import EvidenceDesk
from edge.evidence.plates import PlateFinder, build_plates, load_plates
from edge.evidence.redaction import MISSED_PLATE_BLOCKS, SUBJECT_BLOCKS, redact
from edge.evidence.spool import Spool
from edge.evidence.subject import Plates, Subject
from edge.evidence.view import View
from edge.vision.detections import Detections
from edge.vision.scripted_detector import ScriptedDetector
from runtime.errors import ConfigError
from runtime.yaml_document import parse_document
from tests.unit.edge_agent.tracking import view_of

Pixels = NDArray[np.uint8]
Area = tuple[int, int, int, int]
CAR = (100.0, 100.0, 484.0, 340.0)
PLATE = (240.0, 290.0, 330.0, 318.0)
IN_CAR = (PLATE[0] - 61.0, PLATE[1] - 76.0, PLATE[2] - 61.0, PLATE[3] - 76.0)
"""The plate in pixels of the car's box, grown by a tenth: its corner is at (61, 76)."""
COVERED = (240, 290, 330, 318)
BODY = (120, 110, 470, 250)
BOX = """
box: {district: d-1, site: s-1, box: b-1}
EVIDENCE
cameras:
- {id: c-1, source: {file: a.mp4}, detector: {kind: background}, evidence: {redact: POLICY}}
"""
DIGEST = "0" * 64


class Broken(ScriptedDetector):
    """A network that answers NaN."""

    def detect(self, frame: Frame) -> Detections:
        """Fail."""
        raise InferenceFault(f"frame {frame.index}: it answers numbers that are not finite (NaN)")


def noisy(boxes: Sequence[Sequence[float]] = (CAR,), *, sure: bool = True) -> View:
    """Return a view of noise in which one car was found."""
    pixels = np.random.default_rng(4).integers(0, 256, (432, 768, 3), np.uint8)
    return view_of(pixels, boxes, sure=sure)


def across(picture: Pixels, area: Area) -> int:
    """Return how many blocks lie across the most finely shown row of an area."""
    left, top, right, bottom = area
    steps = np.any(np.diff(picture[top:bottom, left:right].astype(int), axis=1) != 0, axis=2)
    return int(steps.sum(axis=1).max()) + 1


def about(
    view: View,
    plates: Sequence[Sequence[float]] | None,
    policy: RedactPolicy = RedactPolicy.PLATES,
    label: str = "car",
    faces: NDArray[np.float64] | None = None,
    *,
    sure: bool = True,
) -> Pixels:
    """Return a picture about the car."""
    found = None if plates is None else Plates(np.asarray(plates, float).reshape(-1, 4), sure)
    return redact(view, policy, Subject(label, CAR), faces, found)[0]


def finder(
    rows: Sequence[tuple[Sequence[float], float]], class_id: int = 0, sure: float = 0.5
) -> PlateFinder:
    """Return a finder whose network answers these boxes, in pixels of the vehicle, with their scores."""
    count = len(rows)
    found = Detections(
        np.asarray([row[0] for row in rows], np.float32).reshape(count, 4),
        np.asarray([row[1] for row in rows], np.float32),
        np.full(count, class_id, np.int32),
        ("plate",),
    )
    return PlateFinder(ScriptedDetector({0: found}, names=("plate",)), sure)


def test_the_vehicle_is_sharper_and_its_plate_is_not() -> None:
    """The body keeps up to 96 blocks across, the plate and what is just around it one colour."""
    picture, plain = about(noisy(), [PLATE]), about(noisy(), None)
    car = (62, 110, 522, 250)

    assert across(plain, car) <= SUBJECT_BLOCKS
    assert SUBJECT_BLOCKS < across(picture, car) <= 96
    assert across(picture, COVERED) == 1
    assert across(picture, (220, 270, 350, 338)) == 1


def test_what_may_be_a_plate_is_covered_where_none_is_sure() -> None:
    """Then the vehicle is as coarse as without a network, but for these places."""
    picture, plain = about(noisy(), [PLATE], sure=False), about(noisy(), None)
    around = (217, 267, 353, 341)
    picture[around[1] : around[3], around[0] : around[2]] = 0
    plain[around[1] : around[3], around[0] : around[2]] = 0

    assert across(about(noisy(), [PLATE], sure=False), COVERED) == 1
    assert np.array_equal(picture, plain)


def test_the_rest_is_as_coarse_as_ever() -> None:
    """Nothing but the vehicle's own box is shown differently."""
    picture, plain = about(noisy(), [PLATE]), about(noisy(), None)
    outside = np.ones(picture.shape[:2], bool)
    outside[76:364, 61:523] = False

    assert np.array_equal(picture[outside], plain[outside])


@pytest.mark.parametrize(
    ("policy", "label", "sure"),
    [
        (RedactPolicy.AUTO, "car", True),
        (RedactPolicy.PLATES, "car", False),
        (RedactPolicy.PLATES, "person", True),
        (RedactPolicy.PLATES, "motorcycle", True),
        (RedactPolicy.PLATES, "suitcase", True),
    ],
    ids=["not wished for", "not sure", "a person", "a rider in the open", "no vehicle"],
)
def test_without_reason_a_picture_is_as_without_plates(
    policy: RedactPolicy, label: str, *, sure: bool
) -> None:
    """Plates make nothing else sharper than they should."""
    view = noisy(sure=sure)

    assert np.array_equal(
        about(view, [PLATE], policy, label), about(view, None, RedactPolicy.AUTO, label)
    )


def test_whoever_is_seen_in_the_vehicle_is_covered_as_ever() -> None:
    """A driver whom the detector finds keeps eight blocks."""
    driver = (200.0, 120.0, 280.0, 220.0)
    picture = about(noisy([CAR, driver]), [PLATE])

    assert across(picture, (200, 120, 280, 220)) <= 9


@given(
    left=st.floats(-50.0, 700.0),
    top=st.floats(-50.0, 400.0),
    width=st.floats(1.0, 400.0),
    height=st.floats(1.0, 200.0),
)
def test_a_missed_plate_keeps_too_few_blocks_however_near(
    left: float, top: float, width: float, height: float
) -> None:
    """Were the found plate not covered, it would keep 24 blocks: so would its like that is missed."""
    found = Plates(np.asarray([[left, top, left + width, top + height]]), sure=True)
    _, redaction = redact(noisy(), RedactPolicy.PLATES, Subject("car", CAR), None, found)

    assert max(width, height) / redaction.block_px <= MISSED_PLATE_BLOCKS
    assert redaction.method == "plates"


def test_both_networks_together() -> None:
    """The place is sharper by the faces, the vehicle by its plate, and both are covered."""
    nobody = np.empty((0, 4))
    both = about(noisy(), [PLATE], RedactPolicy.FACES_AND_PLATES, faces=nobody)
    faces = about(noisy(), None, RedactPolicy.FACES_AND_PLATES, faces=nobody)
    plates = about(noisy(), [PLATE], RedactPolicy.FACES_AND_PLATES)

    assert across(both, BODY) >= across(faces, BODY)
    assert across(both, COVERED) == 1
    assert np.array_equal(faces, about(noisy(), None, RedactPolicy.FACES, faces=nobody))
    assert np.array_equal(plates, about(noisy(), [PLATE]))


def test_the_finder_looks_at_the_vehicle_and_answers_in_pixels_of_the_picture() -> None:
    """One sure plate makes the view sharper; every other that may be one is named too."""
    weak = (10.0, 20.0, 60.0, 40.0)
    found = finder([(IN_CAR, 0.9), (weak, 0.21)]).find(noisy(), Subject("car", CAR))

    assert found.sure
    assert found.xyxy.tolist() == [list(PLATE), [71.0, 96.0, 121.0, 116.0]]


@pytest.mark.parametrize(
    "rows",
    [[], [(IN_CAR, 0.49)], [((0.0, 0.0, 300.0, 90.0), 0.99)]],
    ids=["nothing", "only weak ones", "one wider than half the vehicle"],
)
def test_no_plate_is_surely_seen(rows: list[tuple[Sequence[float], float]]) -> None:
    """What may be one is named nonetheless."""
    found = finder(rows).find(noisy(), Subject("car", CAR))

    assert not found.sure
    assert len(found.xyxy) == len(rows)


def test_a_vehicle_outside_the_picture_has_no_plate() -> None:
    """A box that the picture does not show is not looked at."""
    away = Subject("car", (900.0, 10.0, 990.0, 60.0))

    assert not finder([(IN_CAR, 0.9)]).find(noisy(), away).sure


@pytest.mark.parametrize(
    "broken",
    [
        PlateFinder(Broken({}, names=("plate",)), 0.5),
        finder([(IN_CAR, 0.9)], class_id=2),
    ],
    ids=["NaN", "another class"],
)
def test_a_network_that_fails_makes_the_picture_coarser_and_is_counted(
    tmp_path: Path, broken: PlateFinder
) -> None:
    """The picture goes, redacted as by auto; the failure is told once."""
    desk = EvidenceDesk(Spool(tmp_path, 10_000_000), plates=broken)
    with capture_logs() as logs:
        made = [
            desk.picture(noisy(), policy, Subject("car", CAR))
            for policy in (RedactPolicy.PLATES, RedactPolicy.FACES_AND_PLATES, RedactPolicy.AUTO)
        ]
    hashes = {one.sha256 for one in made if one is not None}

    assert len(made) == 3
    assert len(hashes) == 1
    assert [one["event"] for one in logs] == ["plates_failed"]
    assert desk.counters["plates_failed"] == 2


def test_the_desk_asks_the_network_and_says_how_it_redacted(tmp_path: Path) -> None:
    """The evidence names the method and how many areas are covered: the rest and the plate."""
    desk = EvidenceDesk(Spool(tmp_path, 10_000_000), plates=finder([(IN_CAR, 0.9)]))
    made = desk.picture(noisy(), RedactPolicy.PLATES, Subject("car", CAR))
    assert made is not None
    assert made.redaction is not None

    assert made.redaction.method == "plates"
    assert made.redaction.areas == 2


def test_a_file_that_is_missing_or_another_is_refused_and_the_box_goes_on(tmp_path: Path) -> None:
    """What its hash does not name is never run; the log says which hash the file has."""
    (tmp_path / "rubbish.onnx").write_bytes(b"no network at all")
    with pytest.raises(ModelError, match="no such file"):
        load_plates(PlateModelConfig(model="gone.onnx", sha256=DIGEST), tmp_path)
    with capture_logs() as logs:
        found = build_plates(PlateModelConfig(model="rubbish.onnx", sha256=DIGEST), tmp_path)

    assert found is None
    assert build_plates(None, tmp_path) is None
    assert [one["event"] for one in logs] == ["plates_refused"]
    assert "its SHA-256 is" in logs[0]["reason"]


@pytest.mark.parametrize("policy", ["plates", "faces-and-plates"])
def test_the_wish_without_a_network_is_refused(policy: str) -> None:
    """A camera that redacts by plates needs the box to have a plate network, named by its hash."""
    plates = f"plates: {{model: p.onnx, sha256: {'a' * 64}}}"
    text = BOX.replace("POLICY", policy)
    faces = "faces: {model: f.onnx}"
    for given_models, message in (
        (f"evidence: {{{faces}}}", r"evidence\.plates"),
        (f"evidence: {{{faces}, plates: {{model: p.onnx}}}}", "sha256"),
    ):
        with pytest.raises(ConfigError, match=message):
            check_edge_config(parse_document(text.replace("EVIDENCE", given_models), "edge.yaml"))
    config = check_edge_config(
        parse_document(text.replace("EVIDENCE", f"evidence: {{{faces}, {plates}}}"), "edge.yaml")
    )

    assert config.evidence.plates == PlateModelConfig(model="p.onnx", sha256="a" * 64)
