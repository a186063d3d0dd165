"""The box behind a city's drawn cameras: its configuration, its sources, its detectors, and their truth."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from cityloop.exam.chosen_detector import shipped_model
from cityloop.exam.drawn_camera import DrawnSource, ErringDetector
from cityloop.exam.track_record import TrackRecord
from edge.config import EdgeConfig, check_edge_config
from edge.vision.ports import Detector
from runtime.yaml_document import parse_document
from simulators.city.camera_truth import CameraTruth
from simulators.city.city import City
from simulators.city.incident_truth import Incident
from simulators.city.scene_cameras import SceneCamera, Spot
from simulators.scene.detected import class_of
from simulators.scene.street_camera import DrawnFrame

__all__ = ["CAMERA_BOX", "CameraStand"]

CAMERA_BOX = "edge-cameras"
"""Name of the box that reads the drawn cameras."""

_BACKGROUND_SIZES = [
    {"label": "object", "min_area_ratio": 0.0015},
    {"label": "vehicle", "min_area_ratio": 0.003},
]
"""Class names by size for background subtraction, shares of the picture; fitted to the shipped scenes."""

_SURVEYED = 5
"""Points each way at which a drawn camera is calibrated."""


class CameraStand:
    """Everything that an edge box needs for a city's cameras.

    Args:
        city: the scenario; it has cameras.
        until_s: second at which the cameras end.
    """

    def __init__(self, city: City, until_s: float) -> None:
        self._city = city
        self.truths = {camera.id: CameraTruth(camera) for camera in city.cameras}
        self.records = {camera.id: TrackRecord(camera) for camera in city.cameras}
        self.sources = {
            camera.id: DrawnSource(camera, city.start, until_s, partial(self._hear, camera.id))
            for camera in city.cameras
        }

    @property
    def frames(self) -> int:
        """How many frames were read."""
        return sum(source.counters["frames"] for source in self.sources.values())

    def detectors(self) -> Mapping[str, Detector]:
        """Return the detectors that are not the box's own."""
        return {
            camera.id: ErringDetector(self.sources[camera.id], camera.detector, camera)
            for camera in self._city.cameras
            if camera.detector.kind == "scripted"
        }

    def incidents(self) -> list[Incident]:
        """Return what was true before the cameras."""
        return [one for truth in self.truths.values() for one in truth.incidents()]

    def edge(self, folder: Path) -> EdgeConfig:
        """Return the box's configuration; its stores are in the folder ``boxes``."""
        lon, lat = self._city.map.centre
        document = {
            "box": {
                "district": self._city.map.district,
                "site": self._city.map.site,
                "box": CAMERA_BOX,
                "place": {"lon": lon, "lat": lat},
            },
            "api": {"url": "http://unused.invalid"},
            "outbox": {"path": f"boxes/{CAMERA_BOX}.db"},
            "evidence": {"path": "boxes/evidence"},
            "cameras": [_document(camera, folder) for camera in self._city.cameras],
        }
        return check_edge_config(parse_document(yaml.safe_dump(document), "exam's cameras"))

    def _hear(self, camera: str, frame: DrawnFrame) -> None:
        self.truths[camera].add(frame.at_s, frame.bodies)
        self.records[camera].see(frame)

    @property
    def start(self) -> datetime:
        """Moment of the first frame."""
        return self._city.start


def _document(camera: SceneCamera, folder: Path) -> dict[str, Any]:
    return {
        "id": camera.id,
        "source": {"file": "drawn"},
        "fps": camera.fps,
        "detector": _detector(camera, folder),
        "place": _place(camera.origin),
        "zones": [
            {
                "id": zone.id,
                "kind": zone.kind,
                "polygon": [list(point) for point in zone.polygon],
                "classes": _names(camera, zone.classes),
                "area_m2": round(zone.area_m2, 1),
            }
            | ({} if zone.dwell_s is None else {"dwell_s": zone.dwell_s})
            | (
                {}
                if zone.flow_in_picture is None
                else {"flow": [list(point) for point in zone.flow_in_picture]}
            )
            for zone in camera.zones
        ],
        "lines": [
            {
                "id": line.id,
                "from": list(camera.in_picture(line.start)),
                "to": list(camera.in_picture(line.end)),
                "classes": _names(camera, line.classes),
            }
            for line in camera.lines
        ],
        "calibration": _survey(camera),
    }


def _detector(camera: SceneCamera, folder: Path) -> dict[str, Any]:
    wanted = camera.detector
    if wanted.kind == "onnx":
        return {"kind": "onnx", "model": str(folder / (wanted.model or ""))}
    if wanted.kind == "trained":
        return {"kind": "onnx", "model": str(shipped_model())}
    return {"kind": "background", "sizes": _BACKGROUND_SIZES}


def _names(camera: SceneCamera, kinds: Sequence[str]) -> list[str]:
    """Return kinds of bodies as the camera's detector calls them; empty for all that it finds."""
    if camera.detector.kind == "background":
        return []
    if camera.detector.kind == "scripted":
        return list(kinds)
    return list(dict.fromkeys(class_of(kind) or kind for kind in kinds))


def _place(spot: Spot) -> dict[str, float]:
    return {"lon": round(spot[0], 7), "lat": round(spot[1], 7)}


def _survey(camera: SceneCamera) -> list[dict[str, Any]]:
    """Return points of the ground as a surveyor would give them, over the lower part of the picture."""
    lens = camera.setting.camera
    pairs = []
    for row in range(_SURVEYED):
        for column in range(_SURVEYED):
            x = (0.05 + 0.9 * column / (_SURVEYED - 1)) * lens.width
            y = (0.45 + 0.5 * row / (_SURVEYED - 1)) * lens.height
            ground = lens.ground(x, y)
            if ground is None:
                continue
            lon, lat = camera.lon_lat(*ground)
            pairs.append({"image": [x / lens.width, y / lens.height], "lon": lon, "lat": lat})
    return pairs
