"""``cityloop edge doctor`` over real cameras and models."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from edge.__main__ import main
from tests.integration.edge_vision.drawn_video import draw_video

CONFIG = """
box: {district: d-1, site: s-1, box: b-1}
cameras:
- {id: good, source: {file: a.mp4}, detector: {kind: background}}
- {id: missing, source: {file: gone.mp4}, detector: {kind: background}}
- {id: blind, source: {file: a.mp4}, detector: {kind: onnx, model: gone.onnx}}
"""


@pytest.fixture
def findings(tmp_path: Path) -> dict[str, Any]:
    """Return what the doctor finds, by check."""
    draw_video(tmp_path / "a.mp4", frames=20)
    (tmp_path / "edge.yaml").write_text(CONFIG)
    outcome = CliRunner().invoke(
        main, ["doctor", "--config", str(tmp_path / "edge.yaml"), "--no-network", "--json"]
    )
    assert outcome.exit_code == 1, outcome.output
    return {one["check"]: one for one in json.loads(outcome.stdout)}


def test_every_part_is_looked_at(findings: dict[str, Any]) -> None:
    """Each camera and model is judged by itself, and the machine too."""
    verdicts = {name: found["verdict"] for name, found in findings.items()}

    assert verdicts["configuration"] == "ok"
    assert (verdicts["camera good"], verdicts["model good"]) == ("ok", "ok")
    assert (verdicts["camera missing"], verdicts["model blind"]) == ("fail", "fail")
    assert {"clock", "temperature", "permissions", "hub", "api"} < verdicts.keys()


def test_every_failure_says_what_to_do(findings: dict[str, Any]) -> None:
    """No finding but a good one, or one that could not be had, is without advice."""
    bare = [
        name
        for name, found in findings.items()
        if found["verdict"] in {"warn", "fail"} and not found["advice"]
    ]

    assert bare == []
    assert "frames/s" in findings["camera good"]["detail"]
    assert "one look takes" in findings["model good"]["detail"]


def test_a_configuration_that_cannot_be_read_is_the_only_finding(tmp_path: Path) -> None:
    """File, line and column are named; nothing else can be said."""
    path = tmp_path / "edge.yaml"
    path.write_text("box: {district: d-1, site: s-1, box: b-1}\ncamera: []\n")
    outcome = CliRunner().invoke(main, ["doctor", "--config", str(path)])

    assert outcome.exit_code == 1
    assert f"{path}:2:1: camera: unknown key; did you mean 'cameras'?" in outcome.output


def test_a_box_that_was_never_set_up_is_told_how_to(tmp_path: Path) -> None:
    """Without a configuration the advice is to write one."""
    outcome = CliRunner().invoke(main, ["doctor", "--config", str(tmp_path / "edge.yaml")])

    assert outcome.exit_code == 1
    assert "cityloop edge init" in outcome.output
