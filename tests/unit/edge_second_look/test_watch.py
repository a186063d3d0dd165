"""Every network of a camera is watched by itself."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import msgspec
import numpy as np
import pytest
from structlog.testing import capture_logs

from contracts.review import ReviewItem, ReviewReason
from edge.cameras.frame import Frame
from edge.evidence.config import RedactPolicy
from edge.evidence.desk import EvidenceDesk
from edge.evidence.spool import Spool
from edge.evidence.view import View
from edge.further_eyes import FurtherLook
from edge.model_store.installers import Submit
from edge.perception import Percept
from edge.second_look.config import SecondLookConfig
from edge.second_look.post import ReviewPost
from edge.second_look.watch import SecondLook
from edge.vision.tracks import Tracks

SMOKE = "smoke-2.0.0-1a2b3c4d"
STREET = "street-1.0.0-1a2b3c4d"


class Box:
    """What watches one camera, fed by hand: the first network sees a car, a further one smoke."""

    def __init__(self, folder: Path, submit: Submit) -> None:
        self.made = SecondLook(
            box="b-1",
            boot_id="01",
            config=SecondLookConfig(drift_findings=50, gap_s=600.0),
            desk=EvidenceDesk(Spool(folder / "spool", 10_000_000)),
            post=ReviewPost(folder / "reviews", "http://127.0.0.1:1", None, timeout_s=1.0),
            submit=submit,
            rng=Random(1),
        )
        self.reviews = folder / "reviews"
        self._watcher = self.made.watcher("c-1", RedactPolicy.AUTO)
        self._number = 0

    def frame(
        self, car: float | None = None, smoke: float | None = None, *, broken: bool = False
    ) -> Frame:
        """Show a frame a second: who looks sees its thing with this confidence."""
        self._number += 1
        frame = Frame.from_array(
            np.full((90, 160, 3), 114, np.uint8),
            camera="c-1",
            index=self._number,
            pts_s=float(self._number),
            captured_at=datetime(2026, 7, 1, tzinfo=UTC) + timedelta(seconds=self._number),
        )
        frame = frame.moved(index=frame.index, pts_s=frame.pts_s, discontinuity=broken)
        cars = self._tracks("car", [] if car is None else [car])
        view = View(frame, np.empty((0, 4)), None, sure=True) if car is not None else None
        looks = () if smoke is None else (self._look(smoke),)
        self._watcher(Percept(frame, cars, view), STREET, looks)
        return frame

    def waiting(self) -> list[ReviewItem]:
        """Return what waits to be sent."""
        return [
            msgspec.json.decode(path.read_bytes(), type=ReviewItem)
            for path in sorted(self.reviews.glob("*.json"))
        ]

    def _look(self, confidence: float) -> FurtherLook:
        return FurtherLook("fire", SMOKE, self._tracks("smoke", [confidence]))

    def _tracks(self, label: str, scores: list[float]) -> Tracks:
        count = len(scores)
        return Tracks(
            np.full(count, self._number, np.int64),
            np.tile(np.asarray([[16, 9, 80, 45]], np.float32), (count, 1)),
            np.asarray(scores, np.float32),
            np.zeros(count, np.int32),
            np.zeros(count),
            np.ones(count, np.int32),
            np.zeros(count),
            (label,),
        )


@pytest.fixture
def box(tmp_path: Path) -> Box:
    """Return what watches a camera; nothing is sent."""
    return Box(tmp_path, lambda _work: pytest.fail("nothing is sent here"))


def test_unsure_smoke_is_offered_with_the_next_frame_that_was_looked_at(box: Box) -> None:
    """It says which network is unsure, and what that one saw; the sure car is not its matter."""
    box.frame(smoke=0.4)
    none = box.waiting()
    shown = box.frame(car=0.9)
    box.frame(car=0.9)
    (item,) = box.waiting()

    assert none == []
    assert (item.model, item.further_model) == (SMOKE, "fire")
    assert item.reason is ReviewReason.LOW_CONFIDENCE
    assert [(one.label, one.confidence) for one in item.boxes] == [("smoke", 0.4)]
    assert item.boxes[0].box_xyxy == pytest.approx((0.1, 0.1, 0.5, 0.5))
    assert item.taken_at == shown.captured_at


def test_each_network_has_its_own_gap(box: Box) -> None:
    """An unsure car does not use up the smoke's picture."""
    box.frame(car=0.4, smoke=0.4)
    box.frame(car=0.4, smoke=0.4)

    assert [(one.model, one.further_model) for one in box.waiting()] == [
        (STREET, None),
        (SMOKE, "fire"),
    ]


def test_a_break_of_the_stream_owes_nothing(box: Box) -> None:
    """What was unsure before it is not in the pictures after it."""
    box.frame(smoke=0.4)
    box.frame(car=0.9, broken=True)

    assert box.waiting() == []


def test_a_dispute_is_about_the_network_whose_shadow_it_was(box: Box) -> None:
    """The candidate of the further network says nothing against the first."""
    frame = box.frame(car=0.9, smoke=0.9)
    box.made.dispute(frame, "fire")
    box.frame(car=0.9)
    none = box.waiting()
    box.frame(car=0.9, smoke=0.9)
    (item,) = box.waiting()

    assert none == []
    assert (item.reason, item.further_model) == (ReviewReason.DISAGREEMENT, "fire")


def test_scores_of_a_further_network_drift_by_themselves(box: Box) -> None:
    """Smoke that becomes less sure is a drift of its network; the sure cars of the first do not hide it."""
    with capture_logs() as logs:
        for score in (0.9, 0.6):
            for _ in range(50):
                box.frame(car=0.9, smoke=score)
    drifted = [
        (one["model"], one.get("further_model")) for one in logs if one["event"] == "drift_found"
    ]

    assert drifted == [(SMOKE, "fire")]
    counted = box.made.counters
    assert (counted["drift_windows"], counted["drift_major"]) == (2, 1)
