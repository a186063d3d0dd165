"""What is wrong with a draft, as the page says it."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from edge.config import check_edge_config
from edge.setup_page.plain_problem import plain_problem
from runtime.errors import ConfigError
from runtime.yaml_document import parse_document

SQUARE = [[0.1, 0.1], [0.9, 0.1], [0.9, 0.9], [0.1, 0.9]]
PAIRS = [{"image": [n / 9, n / 9], "lon": 114 + n / 1e4, "lat": 30.0} for n in range(1, 5)]


def problem_of(change: Callable[[dict[str, Any], dict[str, Any]], object]) -> str:
    """Return what is wrong with a sound configuration after a change to it and its camera."""
    camera: dict[str, Any] = {
        "id": "c-1",
        "source": {"file": "a.mp4"},
        "detector": {"kind": "background"},
        "zones": [{"id": "z-1", "polygon": SQUARE}],
        "lines": [{"id": "l-1", "from": [0, 0], "to": [1, 1]}],
    }
    document = {"box": {"district": "d-1", "site": "s-1", "box": "b-1"}, "cameras": [camera]}
    change(document, camera)
    with pytest.raises(ConfigError) as raised:
        check_edge_config(parse_document(json.dumps(document), "edge.yaml"))
    return str(raised.value)


@pytest.mark.parametrize(
    ("change", "english", "chinese"),
    [
        (
            lambda box, _: box["box"].pop("site"),
            "street or site: is still missing; fill it in",
            "街道或站点：尚未填写",
        ),
        (
            lambda box, _: box["box"].update(box="Box 1"),
            "id of the box: only small letters a-z, digits and hyphens, at least one",
            "边缘盒编号：只能使用小写字母 a-z、数字和连字符，至少一个",
        ),
        (
            lambda _, camera: camera["zones"][0].update(id="Zone 1"),
            "zone 1, name: only small letters a-z, digits and hyphens, at least one",
            "区域 1 的名称：只能使用小写字母 a-z、数字和连字符，至少一个",
        ),
        (
            lambda _, camera: camera["zones"].append(camera["zones"][0]),
            "zone 2, name: 'z-1' is used twice; expected every id once",
            "区域 2 的名称：'z-1' 重复使用；每个名称只能用一次",
        ),
        (
            lambda _, camera: camera["zones"][0].update(polygon=[[0, 0], [1, 1], [1, 0], [0, 1]]),
            "zone 1: Self-intersection[0.5 0.5]; expected a simple polygon: draw its corners in order",
            "区域 1：边线在 [0.5 0.5] 处相交；请按顺序画出各个角点",
        ),
        (
            lambda _, camera: camera["lines"][0].update(to=[0, 0]),
            "line 1: is the same point as from; expected a line",
            "计数线 1：起点与终点相同；请画出一条线",
        ),
        (
            lambda _, camera: camera.update(calibration=PAIRS),
            (
                "ground points: the points lie in a line in the picture; expected four of which no three do: "
                "choose corners of a large quadrangle"
            ),
            "地面点：这些点在画面中位于一条直线上；请选择四个点，任意三点不共线：取一个大四边形的角点",
        ),
        (
            lambda _, camera: camera.update(calibration=PAIRS[:2]),
            "ground points: 2 points of the picture and 2 places: expected at least four pairs",
            "地面点：已有 2 个点；至少需要四个",
        ),
        (
            lambda box, _: box.update(hub={"host": "h", "port": 99999, "client_id": "b-1"}),
            "port: expected int <= 65535",
            "端口：最大为 65535",
        ),
    ],
    ids=["missing", "box", "name", "twice", "crossed", "no line", "in a line", "two", "port"],
)
def test_a_problem_is_told_in_the_words_of_the_page(
    change: Callable[[dict[str, Any], dict[str, Any]], object], english: str, chinese: str
) -> None:
    """No file, no column, no key of the file; and in Chinese, nothing of it in English."""
    told = plain_problem(problem_of(change))

    assert told.english == english
    assert told.chinese == chinese
    assert told.missing == ("missing" in english)


@pytest.mark.parametrize(
    "text", ["", "something new: under the sun", "edge.yaml:1:2: outbox: broken"]
)
def test_what_is_not_known_stays_as_it_is(text: str) -> None:
    """Nothing is lost where nobody has put it into words."""
    told = plain_problem(text)

    assert told.english in text
    assert not told.missing
