"""Plate networks of the layouts that the box reads, drawn so that their answer is known."""

import hashlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from contracts.envelope import Evidence
from edge.config_faults import config_faults
from edge.errors import InferenceFault, ModelError
from edge.evidence.config import PlateModelConfig, RedactPolicy
from edge.evidence.desk import EvidenceDesk
from edge.evidence.plates import PlateFinder, load_plates
from edge.evidence.spool import Spool
from edge.evidence.subject import Subject
from edge.evidence.view import View
from tests.blob_network import write_blob_network
from tests.contract.edge_vision.tiny_models import write_model
from tests.unit.edge_agent.tracking import view_of

CAR = (60.0, 40.0, 180.0, 160.0)
"""Grown by a tenth it is 144 pixels wide and high."""
SUBJECT = Subject("car", CAR)


def config_of(path: Path) -> PlateModelConfig:
    """Return the configuration that names a file by its hash."""
    return PlateModelConfig(model=path.name, sha256=hashlib.sha256(path.read_bytes()).hexdigest())


def finder_of(path: Path) -> PlateFinder:
    """Return a file's network."""
    return load_plates(config_of(path), path.parent)


def street(*, plate: bool = True) -> View:
    """Return a grey street with a car of noise, its plate as red as the drawn network wants it."""
    picture = np.full((240, 320, 3), 110, np.uint8)
    noise = np.random.default_rng(5).integers(90, 140, (120, 120, 1), np.uint8)
    picture[40:160, 60:180] = np.repeat(noise, 3, axis=2)
    if plate:
        picture[130:142, 102:138] = (5, 5, 250)
        cv2.putText(picture, "A1234", (103, 140), cv2.FONT_HERSHEY_PLAIN, 0.8, (5, 5, 150), 1)
    return view_of(picture, [CAR])


def yolox() -> NDArray[np.float32]:
    """Return the answer of a YOLOX of one class: a plate in cell (4, 6), 16 x 8 of 64 pixels."""
    answer = np.zeros((1, 84, 6), np.float32)
    answer[0, 6 * 8 + 4] = [0.0, 0.0, np.log(2.0), np.log(1.0), 1.0, 0.9]
    return answer


def ultralytics() -> NDArray[np.float32]:
    """Return the same of an Ultralytics export."""
    answer = np.zeros((1, 5, 84), np.float32)
    answer[0, :, 5] = [32, 48, 16, 8, 0.9]
    return answer


@pytest.mark.parametrize("answer", [yolox(), ultralytics()], ids=["yolox", "ultralytics"])
def test_a_plate_is_found_where_it_is(tmp_path: Path, answer: NDArray[np.float32]) -> None:
    """Boxes come in pixels of the picture: 64 of the input are the car's 144, from (48, 28) on."""
    found = finder_of(write_model(tmp_path / "p.onnx", answer)).find(street(), SUBJECT)

    assert found.sure
    assert found.xyxy == pytest.approx(np.asarray([[102.0, 127.0, 138.0, 145.0]]), abs=0.1)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (np.zeros((1, 84, 85), np.float32), "80 classes, but 1 names"),
        (np.full((1, 84, 6), np.nan, np.float32), "NaN"),
        (np.zeros((1, 7), np.float32), "known layouts"),
    ],
    ids=["eighty classes", "NaN to a blank picture", "another layout"],
)
def test_another_network_is_refused(
    tmp_path: Path, answer: NDArray[np.float32], message: str
) -> None:
    """A file that is no detector of one class is named when it is loaded."""
    with pytest.raises(ModelError, match=message):
        finder_of(write_model(tmp_path / "p.onnx", answer))


def made(
    folder: Path, finder: PlateFinder | None, view: View
) -> tuple[Evidence, NDArray[np.uint8]]:
    """Return the evidence about the car, and its picture."""
    spool = Spool(folder, 10_000_000)
    evidence = EvidenceDesk(spool, plates=finder).picture(view, RedactPolicy.PLATES, SUBJECT)
    assert evidence is not None
    pixels = cv2.imread(str(next(folder.glob(f"**/*{evidence.sha256}*"))))
    assert pixels is not None
    return evidence, np.asarray(pixels, np.uint8)


def test_a_network_that_really_looks_opens_the_view_and_covers_the_plate(tmp_path: Path) -> None:
    """Through detector, desk and JPEG: the car is sharper, its plate's letters leave no trace."""
    finder = finder_of(write_blob_network(tmp_path / "p.onnx", labels=("plate",)))
    evidence, picture = made(tmp_path / "with", finder, street())
    plain, coarse = made(tmp_path / "without", None, street())
    assert evidence.redaction is not None
    assert plain.redaction is not None
    plate = picture[131:141, 104:136].astype(int)

    assert evidence.redaction.method == "plates"
    assert plain.redaction.method == "subject"
    assert evidence.redaction.block_px < plain.redaction.block_px
    assert picture[50:110, 60:180].std() > 1.2 * coarse[50:110, 60:180].std()
    assert np.abs(np.diff(plate, axis=1)).max() <= 2


def test_a_car_without_a_plate_stays_coarse(tmp_path: Path) -> None:
    """The same network, nothing red: as without one, to the last byte."""
    finder = finder_of(write_blob_network(tmp_path / "p.onnx", labels=("plate",)))
    evidence, _ = made(tmp_path / "with", finder, street(plate=False))
    plain, _ = made(tmp_path / "without", None, street(plate=False))

    assert evidence.redaction is not None
    assert evidence.redaction.block_px == 3
    assert evidence.redaction.areas == 1
    assert evidence.sha256 == plain.sha256


def test_nan_on_a_picture_is_a_fault(tmp_path: Path) -> None:
    """What answers NaN to this very picture says nothing about it."""
    path = write_blob_network(tmp_path / "p.onnx", labels=("plate",), poison=True)
    view = street()
    view.frame.bgr()[45:75, 65:95] = (250, 5, 5)

    with pytest.raises(InferenceFault, match="NaN"):
        finder_of(path).find(view, SUBJECT)


def test_the_check_of_a_configuration_opens_the_networks(tmp_path: Path) -> None:
    """A deep look names the line of a face or plate network that the box would refuse."""
    (tmp_path / "edge.yaml").write_text(
        "box: {district: d-1, site: s-1, box: b-1}\n"
        "evidence:\n"
        "  faces: {model: gone.onnx}\n"
        f"  plates: {{model: gone.onnx, sha256: {'a' * 64}}}\n",
        encoding="utf-8",
    )
    faults = config_faults(tmp_path / "edge.yaml", deep=True)

    assert [fault.line for fault in faults] == [3, 4]
    assert all("no such file" in str(fault) for fault in faults)
