"""Everything that is wrong with a box's configuration, each fault with its line and column."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from edge.config import EdgeConfig, check_edge_config
from edge.errors import EdgeError
from edge.evidence.faces import load_faces
from edge.evidence.plates import load_plates
from edge.perception_build import build_perception
from edge.sensors.config import ReplayConfig
from edge.sensors.replay import load_recording
from runtime.errors import ConfigError
from runtime.yaml_document import Document, load_document

__all__ = ["config_faults"]

_MOST = 50
"""Faults that are told; who has more has the wrong file."""
_ENTRY = re.compile(r"^(?P<list>cameras|sensors)\[(?P<number>\d+)\]")
_KEY = re.compile(r"^(?P<key>[^.\[:]+): unknown key")
_SOUND: dict[str, dict[str, Any]] = {
    "cameras": {"source": {"file": "-"}, "detector": {"kind": "background"}},
    "sensors": {"driver": "simulated", "subject": "-", "profile": "water_level", "fields": {}},
}
"""What takes the place of a faulty entry, so that the others are looked at as well."""


def config_faults(path: Path, *, deep: bool = False) -> list[ConfigError]:
    """Return what is wrong with a configuration, in the order of its lines.

    Every camera and sensor is looked at by itself; of one entry the first fault is told.

    Args:
        path: the file.
        deep: also load every model and look for every recording.
    """
    try:
        document = load_document(path)
    except ConfigError as error:
        return [error]
    faults: list[ConfigError] = []
    config: EdgeConfig | None = None
    while config is None and len(faults) < _MOST:
        try:
            config = check_edge_config(document)
        except ConfigError as error:
            faults.append(error)
            if not _left_out(document, error):
                break
    if deep and config is not None:
        faulty = {fault.message.split(".", 1)[0].split(":", 1)[0] for fault in faults}
        faults += _deep(document, config, path.resolve().parent, faulty)
    return sorted(faults, key=lambda fault: (fault.line, fault.column))


def _left_out(document: Document, error: ConfigError) -> bool:
    """Put something sound in the place of what is wrong; False where that cannot be done."""
    entry, key = _ENTRY.match(error.message), _KEY.match(error.message)
    if entry is not None:
        number = int(entry["number"])
        sound = dict(_SOUND[entry["list"]])
        if entry["list"] == "cameras":
            sound["id"] = f"left-out-{number}"
        document.data[entry["list"]][number] = sound
    elif key is not None and key["key"] in document.data:
        del document.data[key["key"]]
    else:
        return False
    return True


def _deep(
    document: Document, config: EdgeConfig, folder: Path, faulty: set[str]
) -> Iterator[ConfigError]:
    """Yield what would be refused at the start: models, classes, recordings."""
    for number, camera in enumerate(config.cameras):
        if f"cameras[{number}]" in faulty:
            continue
        where = ("cameras", number)
        try:
            build_perception(camera, folder)
        except EdgeError as error:
            yield document.error((*where, "detector"), str(error))
        if camera.source.file is not None and not (folder / camera.source.file).exists():
            lacking = f"{folder / camera.source.file} does not exist; check source.file"
            yield document.error((*where, "source", "file"), lacking)
    evidence = config.evidence
    if evidence.faces is not None:
        try:
            load_faces(evidence.faces, folder)
        except EdgeError as error:
            yield document.error(("evidence", "faces", "model"), str(error))
    if evidence.plates is not None:
        try:
            load_plates(evidence.plates, folder)
        except EdgeError as error:
            yield document.error(("evidence", "plates", "model"), str(error))
    for number, sensor in enumerate(config.sensors):
        if isinstance(sensor, ReplayConfig):
            try:
                load_recording(folder / sensor.file)
            except EdgeError as error:
                yield document.error(("sensors", number, "file"), str(error))
