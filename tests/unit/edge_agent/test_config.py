"""The box's configuration: what is wrong is said with its place."""

from pathlib import Path

import pytest

from edge.config import EdgeConfig, check_edge_config, load_edge_config
from runtime.errors import ConfigError
from runtime.yaml_document import parse_document

HEAD = "box: {district: d-1, site: s-1, box: b-1}\n"
CAMERA = "cameras:\n- id: c-1\n  source: {file: a.mp4}\n  detector: {kind: background}\n"
EXAMPLES = Path(__file__).parents[3] / "examples"


def read(text: str) -> EdgeConfig:
    """Return a configuration text as a configuration."""
    return check_edge_config(parse_document(text, "edge.yaml"))


def test_a_small_configuration_is_enough() -> None:
    """Identity and a camera are all that must be said."""
    config = read(HEAD + CAMERA)

    assert config.cameras[0].gate.heartbeat_s == 1.0
    assert config.hub is None


@pytest.mark.parametrize("name", ["edge", "street", "car-park"])
def test_the_examples_are_valid(name: str) -> None:
    """Every example that ships can be loaded."""
    assert load_edge_config(EXAMPLES / f"{name}.yaml").box.district == "demo"


def zone(polygon: str) -> str:
    """Return a configuration with one zone on line 6."""
    return f"{HEAD}{CAMERA}  zones:\n  - {{id: z-1, polygon: {polygon}}}\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            zone("[[0, 0], [1, 1], [1, 0], [0, 1]]"),
            r"edge\.yaml:7:\d+: cameras\[0\]\.zones\[0\]\.polygon: Self-intersection",
        ),
        (zone("[[0, 0], [1, 1]]"), r"edge\.yaml:7:\d+: cameras\[0\]\.zones\[0\]\.polygon: .*3"),
        (zone("[[0, 0], [1, 1.2], [1, 0]]"), r"edge\.yaml:7:\d+: .*polygon\[1\]\[1\]"),
        (zone("[[0, 0], [0.5, 0.5], [1, 1]]"), r"edge\.yaml:7:\d+: .*polygon: "),
        (
            HEAD + CAMERA + "  lines:\n  - {id: l-1, from: [0, 0.5], to: [0, 0.5]}\n",
            r"edge\.yaml:7:\d+: cameras\[0\]\.lines\[0\]\.to: is the same point",
        ),
        (
            HEAD + CAMERA + "- id: c-1\n  source: {file: b.mp4}\n  detector: {kind: background}\n",
            r"edge\.yaml:6:\d+: cameras\[1\]\.id: 'c-1' is used twice",
        ),
        (
            HEAD + CAMERA.replace("{file: a.mp4}", "{}"),
            r"edge\.yaml:4:\d+: cameras\[0\]\.source: expected exactly one",
        ),
        (
            HEAD + CAMERA.replace("file: a.mp4", 'rtsp: "rtsp://user:pw@cam/1"'),
            r"edge\.yaml:4:\d+: cameras\[0\]\.source\.rtsp: holds credentials",
        ),
        (
            HEAD + CAMERA.replace("file: a.mp4", 'rtsp: "http://cam/1"'),
            r"cameras\[0\]\.source\.rtsp: expected an address like rtsp",
        ),
        (
            HEAD + CAMERA.replace("file: a.mp4", "device: video0"),
            r"cameras\[0\]\.source\.device: expected a video device, such as /dev/video0",
        ),
        (
            HEAD + CAMERA.replace("a.mp4", "a.mp4, device_size: [640, 480]"),
            r"edge\.yaml:4:\d+: cameras\[0\]\.source\.device_size: goes with device",
        ),
        (
            HEAD + CAMERA.replace("file: a.mp4", "device: /dev/video0, device_size: [640]"),
            r"cameras\[0\]\.source\.device_size: .*2",
        ),
        (
            HEAD + CAMERA.replace("file: a.mp4", "device: /dev/video0, device_format: gif"),
            r"cameras\[0\]\.source\.device_format: .*gif",
        ),
        (
            HEAD + CAMERA.replace("file: a.mp4", "device: /dev/video0") + "  evidence: {clip: {send: true}}\n",
            r"cameras\[0\]\.evidence\.clip: needs the camera's own stream; folder, device",
        ),
        (
            HEAD + CAMERA.replace("background", "telepathy"),
            r"edge\.yaml:5:\d+: cameras\[0\]\.detector.*telepathy",
        ),
        (HEAD + CAMERA + "  fps: five\n", r"edge\.yaml:6:\d+: cameras\[0\]\.fps: .*float"),
        (HEAD + CAMERA + "  fsp: 5\n", r"edge\.yaml:6:\d+: .*fsp"),
        (
            HEAD + "sensors:\n- {driver: simulated, subject: w-1, profile: watr, fields: {}}\n",
            r"edge\.yaml:3:\d+: sensors\[0\]\.profile: 'watr' is no device profile; expected",
        ),
        (
            HEAD
            + "sensors:\n- driver: simulated\n  subject: w-1\n  profile: water_level\n"
            + "  fields: {depth: {base: 1}}\n",
            r"edge\.yaml:6:\d+: sensors\[0\]\.fields\.depth: .*depth_m",
        ),
        (
            HEAD + "sensors:\n- {driver: load, rate_hz: 10, profile: parking_bay}\n",
            r"edge\.yaml:3:\d+: sensors\[0\]\.profile: parking_bay has no number",
        ),
    ],
    ids=[
        "crossed polygon", "two corners", "outside", "flat", "no length", "camera twice",
        "no source", "credentials", "no rtsp", "no device", "size of a file",
        "half a size", "unknown format", "clip of a device", "unknown detector", "type", "unknown key",
        "unknown profile", "unknown field", "no number",
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_place(text: str, expected: str) -> None:
    """An error says file, line, column, path, what was found and what was expected."""
    with pytest.raises(ConfigError, match=expected):
        read(text)
