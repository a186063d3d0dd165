"""Reasons that the system gives by itself: each a code with its values, told in English and in Chinese.

The log holds the English sentence. One table makes it and reads it again, so a case of any age is told in both
languages, and what a person wrote is never taken for the system's.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from contracts.levels import LEVEL_NAMES_ZH

__all__ = ["CODES", "SystemReason", "read_reason", "together", "told"]


class SystemReason(NamedTuple):
    """One reason, and the sentences for it."""

    code: str
    values: dict[str, str]
    en: str
    zh: str


class _Form(NamedTuple):
    en: str
    zh: str
    read: re.Pattern[str]


_WHOLE = r".*"
_VALUES = {
    "number": r"\S+",
    "rule": r"\S+",
    "version": r"\S+",
    "plan": r"\S+",
    "line": r"\d+",
    "rev": r"\d+",
    "load": r"\d+",
    "count": r"\d+",
    "metres": r"\d+",
    "hours": r"[\d.]+",
    "odds": r"-?[\d.]+",
    "confidence": r"[\d.]+",
    "percent": r"\d+%",
    "level": r"\w+",
    "phase": r"\w+",
    "discovery": r"automatic|active|passive",
    "clock": r"\w+",
    "class_code": r"\S+",
    "unit": r"\S+",
    "department": r"\S+",
    "event_type": r"\S+",
    "from_state": r"\w+",
    "to_state": r"\w+",
    "area": r"[^;]+",
}
"""What a value looks like; others are any text."""

_TEXTS = {
    "same_key": ("same dedupe key {key}", "归并键相同：{key}"),
    "filed_at_once": (
        "{discovery} discovery is filed at once; rule {rule} {version}: {expression}",
        "{discovery}，直接立案；规则 {rule} {version}：{expression}",
    ),
    "rule": ("rule {rule} {version}: {expression}", "规则 {rule} {version}：{expression}"),
    "revision": (
        "event revision {rev}: level {level}, phase {phase}",
        "事件第 {rev} 次修订：级别{level}，{phase}",
    ),
    "duplicate": (
        "duplicate of {number}: {metres} m and {hours} h apart, odds {odds}",
        "与 {number} 重复：相距 {metres} 米、相隔 {hours} 小时，对数几率 {odds}",
    ),
    "duplicate_picture": (
        "duplicate of {number}: {metres} m and {hours} h apart, same picture, odds {odds}",
        "与 {number} 重复：相距 {metres} 米、相隔 {hours} 小时，图片相同，对数几率 {odds}",
    ),
    "level_rose": ("level rose to {level}", "级别升为{level}"),
    "limit": (
        "{clock}: {percent} of the limit is used up, due {due}",
        "{clock}时限已用 {percent}，到期 {due}",
    ),
    "parent": (
        "case {number}, into which it was merged, went from {from_state} to {to_state}",
        "并入的案件 {number} 由“{from_state}”转为“{to_state}”",
    ),
    "unsatisfied": ("a reporter is not satisfied: {answer}", "反映人不满意：{answer}"),
    "suggestion_taken": (
        "words of the report, confidence {confidence}: taken over",
        "由反映文字识别，置信度 {confidence}：已采用",
    ),
    "suggestion_unsure": (
        "words of the report, confidence {confidence}: not sure enough: a person decides",
        "由反映文字识别，置信度 {confidence}：把握不足，由人判定",
    ),
    "preplan": ("pre-plan 预案 {plan} at level {level}", "{level}启动预案 {plan}"),
    "dispatched": ("confidence {confidence}: {reasons}", "置信度 {confidence}：{reasons}"),
    "class": ("class {class_code} {name}", "类别 {class_code} {name}"),
    "line": (
        "line {line}: class {class_code}, area {area}; {basis}",
        "权责清单第 {line} 行：类别 {class_code}，区域 {area}；依据：{basis}",
    ),
    "overlap": (
        "line {line} claims it as closely: the list overlaps",
        "第 {line} 行同样适用：权责清单有重叠",
    ),
    "nobody_on_duty": ("nobody of {unit} is on duty", "{unit} 无人值班"),
    "nearest": (
        "on duty, {metres} m away, {load} open cases",
        "在岗，距离 {metres} 米，在办案件 {load} 件",
    ),
    "on_duty": ("on duty, {load} open cases", "在岗，在办案件 {load} 件"),
    "bounced": (
        "bounced {count} times: the first receiver 首接 sees it through",
        "已退回 {count} 次：由首接单位负责到底",
    ),
    "named_by": ("named by {department}, which bounced it", "由退回的 {department} 指定"),
    "no_class": ("no class for {event_type}", "{event_type} 没有对应的类别"),
    "no_line": (
        "no line of the responsibility list for class {class_code} here",
        "权责清单中没有类别 {class_code} 在此处的条目",
    ),
}
"""Code: the sentence in English, which the log holds, and in Chinese."""

_STATES_ZH = {
    "collected": "已采集",
    "filed": "已立案",
    "dispatched": "已分派",
    "bounced": "退回",
    "handling": "处理中",
    "suspended": "挂账",
    "reopened": "重开",
    "fed_back": "已反馈",
    "verified": "已核查",
    "closed": "已结案",
    "evaluated": "已评价",
    "void": "作废",
    "merged": "并案",
}
_NAMES_ZH: dict[str, Mapping[str, str]] = {
    "level": {level.value: f"{name}色" for level, name in LEVEL_NAMES_ZH.items()},
    "phase": {"open": "开始", "update": "持续", "end": "结束"},
    "discovery": {"automatic": "智能发现", "active": "主动巡查", "passive": "群众反映"},
    "clock": {
        "response": "响应",
        "resolve": "办结",
        "collect": "采集",
        "file": "立案",
        "dispatch": "分派",
        "handle": "处理",
        "feed_back": "反馈",
        "close": "核查结案",
        "evaluate": "评价",
    },
    "from_state": _STATES_ZH,
    "to_state": _STATES_ZH,
}
_BEFORE = r"(?:[^\s;]+: )?"
"""Logs of older programs named who was chosen before ``on duty``."""
_NAMED_BEFORE = frozenset({"nearest", "on_duty"})


def _form(code: str, en: str, zh: str) -> _Form:
    pattern = re.sub(
        r"\\\{(\w+)\\\}",
        lambda found: f"(?P<{found[1]}>{_VALUES.get(found[1], _WHOLE)})",
        re.escape(en),
    )
    before = _BEFORE if code in _NAMED_BEFORE else ""
    return _Form(en, zh, re.compile(before + pattern, re.DOTALL))


_FORMS = {code: _form(code, en, zh) for code, (en, zh) in _TEXTS.items()}

CODES = frozenset(_FORMS)
"""Every code that a reason can have."""

_BETWEEN = "; "


def told(code: str, **values: object) -> str:
    """Return a reason as the log holds it: in English."""
    return _FORMS[code].en.format(**values)


def together(reasons: Iterable[str]) -> str:
    """Return several reasons as one text, for the value of another."""
    return _BETWEEN.join(reasons)


def read_reason(text: str) -> SystemReason | None:
    """Return what a text of the system says; None where it has no form that is known."""
    for code, form in _FORMS.items():
        found = form.read.fullmatch(text)
        if found is not None:
            values = found.groupdict()
            named = {name: _in_chinese(name, value) for name, value in values.items()}
            return SystemReason(code, values, text, form.zh.format(**named))
    return None


def _in_chinese(name: str, value: str) -> str:
    if name == "reasons":
        return "；".join(_each_in_chinese(value.split(_BETWEEN)))
    return _NAMES_ZH.get(name, {}).get(value, value)


def _each_in_chinese(pieces: list[str]) -> Iterator[str]:
    """Yield several reasons; one of them may have what stands between them inside."""
    at = 0
    while at < len(pieces):
        for end in range(at + 1, len(pieces) + 1):
            read = read_reason(_BETWEEN.join(pieces[at:end]))
            if read is not None:
                yield read.zh
                break
        else:
            end = at + 1
            yield pieces[at]
        at = end
