"""``cityloop models evaluate`` and ``compare`` on a network whose answers are known."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from models.__main__ import main as models
from tests.unit.models_judging.drawn_set import write_network, write_set

LEFT, RIGHT = (4.0, 4.0, 24.0, 24.0), (40.0, 36.0, 60.0, 60.0)


def judged(*arguments: str | Path) -> Result:
    """Run ``cityloop models`` with arguments."""
    return CliRunner().invoke(models, [str(part) for part in arguments])


def told(result: Result) -> Any:
    """Return the JSON that a command printed."""
    return json.loads(result.stdout)


@pytest.fixture
def network(tmp_path: Path) -> Path:
    """Return a network that finds a person on the left and a car on the right in every picture."""
    return write_network(tmp_path / "sees.onnx", [(LEFT, 0, 0.9), (RIGHT, 1, 0.8)])


def test_what_is_right_wrong_and_missed(tmp_path: Path, network: Path) -> None:
    """In one picture all is there, in the other only the person, and a car elsewhere."""
    data = write_set(
        tmp_path / "set",
        [[(LEFT, "person"), (RIGHT, "car")], [(LEFT, "person"), ((4.0, 40.0, 20.0, 60.0), "car")]],
    )
    report = told(judged("evaluate", network, "--data", data, "--json"))["report"]

    assert (report["pictures"], report["labels"]) == (2, 4)
    assert report["fp_share"] == pytest.approx(1 / 4)
    assert report["fn_share"] == pytest.approx(1 / 4)
    assert report["fp_per_picture"] == pytest.approx(0.5)
    assert [one["ap50"] for one in report["classes"]] == [1.0, pytest.approx(0.504950495)]
    assert report["confusion"] == [[2, 0, 0], [0, 1, 1], [0, 1, 0]]


def test_scenes_have_their_own_shares(tmp_path: Path, network: Path) -> None:
    """Night is judged by itself; what is small is judged by itself."""
    data = write_set(
        tmp_path / "set",
        [[(LEFT, "person"), (RIGHT, "car")], [(LEFT, "person")]],
        tags=[["day"], ["night"]],
    )
    report = told(judged("evaluate", network, "--data", data, "--json"))["report"]
    scenes = {one["name"]: one for one in report["scenes"]}

    assert (scenes["day"]["fp_share"], scenes["day"]["fn_share"]) == (0.0, 0.0)
    assert (scenes["night"]["fp_share"], scenes["night"]["fn_share"]) == (0.5, 0.0)
    assert scenes["small"]["labels"] == 3


def test_a_class_can_be_called_otherwise(tmp_path: Path, network: Path) -> None:
    """--rename joins the model's word with that of the labels; what is left over is told."""
    data = write_set(tmp_path / "set", [[(RIGHT, "vehicle")]], names=("vehicle",))
    report = told(judged("evaluate", network, "--data", data, "--rename", "car=vehicle", "--json"))[
        "report"
    ]

    assert report["map50_95"] == pytest.approx(1.0)
    assert report["boxes_elsewhere"] == 1


def test_nothing_in_common_is_an_error(tmp_path: Path, network: Path) -> None:
    """A set of other classes cannot judge the model, and the answer says what would help."""
    data = write_set(tmp_path / "set", [[(LEFT, "stall")]], names=("stall",))
    result = judged("evaluate", network, "--data", data)

    assert result.exit_code == 2
    assert "nothing in common; --rename tells which is which" in result.stderr


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        ("no labels", "expected one COCO .json in the folder, found none"),
        ("no picture", "002.png is neither beside it nor in images/"),
        ("broken picture", "cannot be read as a picture"),
        ("no category", "has category 9, which is not listed"),
        ("no json", "expected COCO: images, annotations and categories"),
    ],
)
def test_bad_data_is_told(tmp_path: Path, network: Path, spoil: str, words: str) -> None:
    """Whatever is wrong with the data, one line says what, and nothing is judged."""
    data = write_set(tmp_path / "set", [[(LEFT, "person")], [(LEFT, "person")]])
    labels = data / "annotations.json"
    if spoil == "no labels":
        labels.unlink()
    elif spoil == "no picture":
        (data / "images" / "002.png").unlink()
    elif spoil == "broken picture":
        (data / "images" / "002.png").write_bytes(b"no picture")
    elif spoil == "no category":
        labels.write_text(labels.read_text().replace('"category_id": 1', '"category_id": 9'))
    else:
        labels.write_text("{")
    result = judged("evaluate", network, "--data", data)

    assert result.exit_code == 2
    assert words in result.stderr


def test_the_gate_decides(tmp_path: Path, network: Path) -> None:
    """The exit code says whether all that the gate asks is reached, and each shortfall is named."""
    data = write_set(tmp_path / "set", [[(LEFT, "person")], [(LEFT, "person")]])
    gate = tmp_path / "gate.yaml"
    gate.write_text(
        "min_map50_95: 0.9\nmax_fp_share: 0.2\nmax_model_bytes: 10\n"
        "classes: {stall: {min_ap50: 0.5}}\nscenes: {night: {max_fn_share: 0.2}}\n"
    )
    refused = judged("evaluate", network, "--data", data, "--gate", gate, "--json")
    gate.write_text("min_map50_95: 0.9\nmax_fp_share: 0.5\nclasses: {person: {min_recall: 1.0}}\n")
    passed = judged("evaluate", network, "--data", data, "--gate", gate)

    assert refused.exit_code == 1
    assert [(one["what"], one["got"]) for one in told(refused)["shortfalls"]] == [
        ("max_fp_share", "0.5"),
        ("max_model_bytes", str(network.stat().st_size)),
        ("classes.stall.min_ap50", "unknown"),
        ("scenes.night.max_fn_share", "unknown"),
    ]
    assert passed.exit_code == 0
    assert passed.stdout.endswith("let through\n")


def test_a_gate_with_an_unknown_word_is_refused(tmp_path: Path, network: Path) -> None:
    """A typo in a gate would let everything through: it is an error with its line."""
    data = write_set(tmp_path / "set", [[(LEFT, "person")]])
    gate = tmp_path / "gate.yaml"
    gate.write_text("min_map50: 0.9\nmin_map: 0.5\n")
    result = judged("evaluate", network, "--data", data, "--gate", gate)

    assert result.exit_code == 2
    assert "gate.yaml:2:1" in result.stderr


def test_a_model_that_is_none(tmp_path: Path) -> None:
    """A file that is no model is not judged."""
    data = write_set(tmp_path / "set", [[(LEFT, "person")]])
    (tmp_path / "not.onnx").write_bytes(b"nothing")
    result = judged("evaluate", tmp_path / "not.onnx", "--data", data)

    assert result.exit_code == 2
    assert "not a usable ONNX file" in result.stderr


def test_candidate_against_incumbent(tmp_path: Path, network: Path) -> None:
    """A candidate that no longer sees cars loses, the interval says how surely, the gate refuses."""
    data = write_set(tmp_path / "set", [[(LEFT, "person"), (RIGHT, "car")]] * 4)
    blind = write_network(tmp_path / "blind.onnx", [(LEFT, 0, 0.9)])
    gate = tmp_path / "gate.yaml"
    gate.write_text("max_map50_95_loss: 0.01\nmax_class_loss: 0.05\n")
    result = judged("compare", blind, network, "--data", data, "--gate", gate, "--json")
    difference = told(result)["comparison"]

    assert result.exit_code == 1
    assert difference["map50_95"]["difference"] == pytest.approx(-0.5)
    assert difference["map50_95"]["low"] == pytest.approx(-0.5)
    assert [one["what"] for one in told(result)["shortfalls"]] == [
        "max_map50_95_loss",
        "max_class_loss: car",
    ]


def test_the_same_model_is_no_loss(tmp_path: Path, network: Path) -> None:
    """Compared with itself a model differs by nothing, with certainty."""
    data = write_set(tmp_path / "set", [[(LEFT, "person")], [(RIGHT, "car")]])
    gate = tmp_path / "gate.yaml"
    gate.write_text("max_map50_95_loss: 0.0\n")
    result = judged("compare", network, network, "--data", data, "--gate", gate)

    assert result.exit_code == 0
    assert "mAP50-95 +0.000 (95 %: +0.000 to +0.000)" in result.stdout


@pytest.mark.slow
def test_the_report_is_a_page_with_its_plots(tmp_path: Path, network: Path) -> None:
    """The folder holds one page that needs nothing else, the figures as JSON, and three plots."""
    data = write_set(tmp_path / "set", [[(LEFT, "person"), (RIGHT, "car")], []])
    out = tmp_path / "out"
    result = judged("compare", network, network, "--data", data, "--out", out)
    page = (out / "report.html").read_text(encoding="utf-8")

    assert result.exit_code == 0
    assert sorted(path.name for path in out.iterdir()) == [
        "confusion.png",
        "precision.png",
        "reliability.png",
        "report.html",
        "report.json",
    ]
    assert page.count("data:image/png;base64,") == 3
    assert "误判率" in page
    assert json.loads((out / "report.json").read_bytes())["report"]["labels"] == 2
