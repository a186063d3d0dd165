"""What is wrong with a draft, in the words of the page and not of the file; in both languages."""

import re
from typing import NamedTuple

import msgspec

from edge.setup_page.chinese import translated

__all__ = ["PlainProblem", "plain_problem"]

_PLACE = re.compile(r"^\S+:\d+:\d+: (?P<path>[\w.\[\]]+): (?P<said>.+)$", re.DOTALL)
_SHAPE = re.compile(
    r"^cameras\[\d+\]\.(?P<list>zones|lines|masks)\[(?P<number>\d+)\](?:\.(?P<key>\w+))?"
)


class _Words(NamedTuple):
    english: str
    chinese: str


_LISTS = {
    "zones": _Words("zone", "区域"),
    "lines": _Words("line", "计数线"),
    "masks": _Words("privacy mask", "隐私遮挡"),
}
_KEYS = {
    "id": _Words("name", "名称"),
    "kind": _Words("kind", "类型"),
    "dwell_s": _Words("stay", "停留时间"),
}
_FIELDS = {
    "box.district": _Words("district", "行政区"),
    "box.site": _Words("street or site", "街道或站点"),
    "box.box": _Words("id of the box", "边缘盒编号"),
    "hub.client_id": _Words("id of the box", "边缘盒编号"),
    "hub.host": _Words("hub", "消息中心"),
    "hub.port": _Words("port", "端口"),
}
_ENDINGS = {
    "place.lon": _Words("camera's place", "摄像机位置"),
    "place.lat": _Words("camera's place", "摄像机位置"),
    "calibration": _Words("ground points", "地面点"),
}
_ID = _Words(
    "only small letters a-z, digits and hyphens, at least one",
    "只能使用小写字母 a-z、数字和连字符，至少一个",
)
_MISSING = _Words("is still missing; fill it in", "尚未填写")


class PlainProblem(msgspec.Struct, frozen=True):
    """A problem for people."""

    english: str
    chinese: str
    missing: bool = False
    """Whether something has only not been filled in yet."""


def plain_problem(problem: str) -> PlainProblem:
    """Return a problem without the file's place and names; empty where there is none.

    Args:
        problem: ``FILE:LINE:COLUMN: path: what``, or any other text, which stays as it is.
    """
    match = _PLACE.match(problem)
    if match is None:
        return PlainProblem(problem, translated(problem))
    subject, said = _subject(match["path"]), match["said"]
    missing = said.startswith("missing;")
    if missing:
        words = _MISSING
    elif "matching regex '^[a-z0-9-]" in said:
        words = _ID
    else:
        words = _Words(said, translated(said))
    return PlainProblem(
        f"{subject.english}: {words.english}", f"{subject.chinese}：{words.chinese}", missing
    )


def _subject(path: str) -> _Words:
    """Return what a path of the configuration is called on the page; itself where it is not there."""
    if shape := _SHAPE.match(path):
        kind, number = _LISTS[shape["list"]], int(shape["number"]) + 1
        key = _KEYS.get(shape["key"] or "")
        if key is None:
            return _Words(f"{kind.english} {number}", f"{kind.chinese} {number}")
        return _Words(
            f"{kind.english} {number}, {key.english}", f"{kind.chinese} {number} 的{key.chinese}"
        )
    ending = next((words for end, words in _ENDINGS.items() if path.endswith(end)), None)
    return _FIELDS.get(path) or ending or _Words(path, path)
