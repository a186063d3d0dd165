"""Findings in Chinese: whatever a check may say, clause by clause."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.setup_page.chinese import in_chinese, translated
from runtime.finding import Finding, Verdict

ROOT = Path(__file__).parents[3]
SOURCES = (
    "edge/doctor/camera_check.py",
    "edge/doctor/model_check.py",
    "edge/doctor/hub_check.py",
    "edge/cameras/pyav_stream.py",
    "edge/cameras/device_stream.py",
    "edge/vision/onnx_model.py",
    "edge/vision/network_runtime.py",
)


def _said(path: str) -> Iterator[str]:
    """Yield the texts of three words and more in a module that are no docstrings, gaps filled by 7."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    silent: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            silent.add(id(node.value))
        if isinstance(node, ast.JoinedStr):
            silent |= {id(part) for part in ast.walk(node) if part is not node}
    for node in ast.walk(tree):
        if id(node) in silent:
            continue
        if isinstance(node, ast.JoinedStr):
            parts = [part.value if isinstance(part, ast.Constant) else "7" for part in node.values]
            text = "".join(str(part) for part in parts)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
        else:
            continue
        if text.count(" ") >= 2 and not text.startswith("YOLOX 1 x"):
            yield text.removeprefix("; ") + ("7" if text.endswith(": ") else "")


@pytest.mark.parametrize("path", SOURCES)
def test_every_clause_of_a_check_is_known_in_chinese(path: str) -> None:
    """What is missing is to be added to edge/setup_page/finding_phrases.yaml."""
    texts = list(_said(path))
    unknown = [
        clause
        for text in texts
        for clause in translated(text).split("；")
        if clause.isascii() and clause.count(" ") >= 2
    ]

    assert texts
    assert unknown == []


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("check the clock too", "同时检查时钟"),
        (
            "camera 'c-1': rtsp://c/a gave no answer within 5 s; check its power, its network and its address",
            "摄像机 'c-1'：rtsp://c/a 在 5 秒内没有应答；请检查电源、网络和地址",
        ),
        (
            "yolox@695e750a; ready after 1.2 s, one look takes 13 ms; it sees 4 things in the picture",
            "yolox@695e750a；1.2 秒后就绪，每次检测 13 毫秒；在画面中看到 4 个目标",
        ),
        ("something new under the sun", "something new under the sun"),
        ("", ""),
    ],
    ids=["clause", "prefix", "name first", "unknown", "empty"],
)
def test_a_text_is_translated_clause_by_clause(english: str, chinese: str) -> None:
    """Names, numbers and addresses stay; what is not known stays English."""
    assert translated(english) == chinese


def test_a_finding_has_both_parts() -> None:
    """Detail and advice are both told."""
    finding = Finding(
        check="hub",
        verdict=Verdict.SKIP,
        detail="no hub is configured",
        advice="put the configuration right first",
    )
    found = in_chinese(finding)

    assert (found.detail, found.advice) == ("尚未配置消息中心", "请先改正配置")
