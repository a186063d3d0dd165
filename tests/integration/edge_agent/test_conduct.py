"""A whole box that tells of stops, loitering, gatherings, density, queues and flow."""

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from contracts.codec import encode
from contracts.control import Command, CommandName, CommandResult
from contracts.counts import Counts
from contracts.observation import Phase
from contracts.topics import Kind
from edge.vision.detections import Detections
from tests.integration.edge_agent.in_process import CONFIG, FPS, NAMES, InProcess, box_config
from tests.unit.edge_agent.pinhole import Pinhole

CAMERA = Pinhole(height_m=6.0, down_deg=25.0, aspect=1.6)
PLACES = ((-3.0, 6.0), (3.0, 6.0), (6.0, 25.0), (-6.0, 25.0), (0.0, 12.0))
SECONDS = 30.0


def _calibration() -> str:
    image, ground = CAMERA.pairs(*PLACES)
    rows = [
        f"  - {{image: [{x:.9f}, {y:.9f}], lon: {lon:.9f}, lat: {lat:.9f}}}"
        for (x, y), (lon, lat) in zip(image, ground, strict=True)
    ]
    return "\n".join(["  calibration:", *rows, ""])


def _box(
    folder: Path, zone: str, boxes_at: list[tuple[float, list[list[float]]]], label: int
) -> InProcess:
    """Return a box whose camera finds these boxes (pixels of 320 x 200) from these moments on."""
    config = CONFIG.replace("  lines:\n", f"{_calibration()}  lines:\n")
    config = config.replace("  zones:\n", f"  counts_every_s: 2\n  zones:\n  - {zone}\n")
    rng = np.random.default_rng(5)
    # paving, so that the picture has contrast, and noise, so that it lives
    paving = (np.indices((200, 320)) // 20).sum(axis=0) % 2 * 120 + 60
    pictures = [
        (paving[..., None] + rng.integers(0, 10, (200, 320, 3))).astype(np.uint8)
        for _ in range(round(SECONDS * FPS))
    ]
    found = {}
    for number in range(len(pictures)):
        boxes = next((boxes for since, boxes in reversed(boxes_at) if number / FPS >= since), [])
        found[number] = Detections(
            np.asarray(boxes, np.float32).reshape(-1, 4),
            np.full(len(boxes), 0.9, np.float32),
            np.full(len(boxes), label, np.int32),
            NAMES,
        )
    box = InProcess(folder, config=box_config(config), script=pictures, found=found)
    box.agent.start()
    box.run(SECONDS + 4.0)
    return box


WHOLE = "polygon: [[0, 0.3], [1, 0.3], [1, 1], [0, 1]]"


def test_a_stopped_car_is_told_with_its_place_and_a_picture(tmp_path: Path) -> None:
    """It stands for half a minute on a fire lane: start and end, where it stands, with evidence."""
    zone = f"{{id: lane, kind: fire_lane, {WHOLE}, stopped_after_s: 10}}"
    box = _box(tmp_path, zone, [(0.0, [[140, 80, 180, 120]])], label=1)
    said = box.gateway.observations("stopped_vehicle")

    assert [one.phase for one in said if one.phase is not Phase.UPDATE] == [Phase.START, Phase.END]
    start = said[0]
    assert (start.zone, start.label, start.zone_kind) == ("lane", "car", "fire_lane")
    assert start.dwell_s == pytest.approx(10.0, abs=0.5)
    assert start.place is not None
    assert 0.0 < start.place.accuracy_m < 5.0
    assert start.speed_m_s == pytest.approx(0.0, abs=0.2)
    assert start.speed_error_m_s is not None
    assert start.evidence[0].sha256 in box.store.pictures


def test_a_queue_and_a_density_are_measured_on_the_ground(tmp_path: Path) -> None:
    """Four standing people in a calibrated zone: count, area, density and length agree."""
    feet = [CAMERA.image(0.0, north) for north in (8.0, 11.0, 14.0, 17.0)]
    boxes = [[320 * x - 6, 200 * y - 25, 320 * x + 6, 200 * y] for x, y in feet]
    corners = [CAMERA.image(east, north) for east, north in ((-3, 7), (3, 7), (3, 19), (-3, 19))]
    polygon = ", ".join(f"[{x:.6f}, {y:.6f}]" for x, y in corners)
    zone = f"{{id: stop, kind: queue, polygon: [{polygon}]}}"
    box = _box(tmp_path, zone, [(0.0, boxes)], label=0)
    count = box.gateway.of(Counts)[-1].zones[0]

    assert (count.zone, count.people, count.standing) == ("stop", 4, 4)
    assert count.area_m2 == pytest.approx(72.0, rel=0.01)
    assert count.density_per_m2 == pytest.approx(4 / 72.0, rel=0.02)
    assert count.queue_m == pytest.approx(9.0, abs=0.3)


def test_a_gathering_is_told_with_how_many(tmp_path: Path) -> None:
    """Two people, then twelve: one episode, which says that there are twelve."""
    few = [[20.0 + 100 * n, 80.0, 40.0 + 100 * n, 130.0] for n in range(2)]
    many = few + [[15.0 + 24 * n, 140.0, 30.0 + 24 * n, 190.0] for n in range(10)]
    zone = f"{{id: square, kind: square, {WHOLE}, crowd: {{at_least: 8, window_s: 20}}}}"
    box = _box(tmp_path, zone, [(0.0, few), (12.0, many)], label=0)
    said = box.gateway.observations("crowd_growth")

    assert [one.phase for one in said if one.phase is not Phase.UPDATE] == [Phase.START, Phase.END]
    assert said[0].count == 12
    assert said[0].track is None
    assert said[0].evidence[0].sha256 in box.store.pictures


def test_flow_is_told_with_the_counts(tmp_path: Path) -> None:
    """The walker of the script crosses the line once: some crossings a minute, one way."""
    box = InProcess(tmp_path)
    box.agent.start()
    box.run(20.0)
    lines = [line for message in box.gateway.of(Counts) for line in message.lines]
    rates = [line.forward_per_min for line in lines if line.forward_per_min]

    assert rates
    assert max(rates) == pytest.approx(60.0 / 10.0, rel=0.35)
    assert all(not line.backward_per_min for line in lines)


def test_a_snapshot_says_whether_what_stood_there_is_gone(tmp_path: Path) -> None:
    """The car of the observation drove off: the result and an observation say changed."""
    paving = (np.indices((200, 320)) // 20).sum(axis=0) % 2 * 80 + 60
    rng = np.random.default_rng(5)
    pictures, found = [], {}
    for number in range(round(SECONDS * FPS)):
        picture = (paving[..., None] + rng.integers(0, 10, (200, 320, 3))).astype(np.uint8)
        boxes = []
        if number / FPS < 18.0:
            picture[80:120, 120:200] = 220
            picture[90:100, 135:185] = 30
            boxes = [[120.0, 80.0, 200.0, 120.0]]
        pictures.append(picture)
        found[number] = Detections(
            np.asarray(boxes, np.float32).reshape(-1, 4),
            np.full(len(boxes), 0.9, np.float32),
            np.full(len(boxes), 1, np.int32),
            NAMES,
        )
    zone = f"{{id: lane, kind: fire_lane, {WHOLE}, stopped_after_s: 10}}"
    config = CONFIG.replace("  zones:\n", f"  zones:\n  - {zone}\n")
    box = InProcess(tmp_path, config=box_config(config), script=pictures, found=found)
    box.agent.start()
    box.run(15.0)
    before = box.gateway.observations("stopped_vehicle")[0].evidence[0].sha256
    asked = [("still", 0.0), ("gone", 10.0)]
    for name, wait_s in asked:
        box.run(wait_s)
        now = box.clock.now()
        args = {"camera": "c-1", "before": before}
        expires_at = now + timedelta(minutes=1)
        command = Command(
            id=name, name=CommandName.SNAPSHOT, at=now, expires_at=expires_at, args=args
        )
        box.gateway.publish(Kind.COMMAND, encode(command))
        box.run(1.0)
    results = {one.id: one.comparison for one in box.gateway.of(CommandResult)}
    said = [one for one in box.gateway.observations("scene_compared") if one.phase is Phase.START]

    assert results["still"] is not None
    assert results["gone"] is not None
    assert (results["still"].changed, results["gone"].changed) == (False, True)
    assert results["gone"].after in box.store.pictures
    assert [one.label for one in said] == ["unchanged", "changed"]
    assert said[1].confidence == results["gone"].confidence
