"""Reasons of the system: what is written is read again, in both languages."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cloud_api.case_record import SYSTEM, Acknowledged, Commented, Record
from cloud_api.rendering import timeline_entry
from cloud_api.system_reasons import CODES, read_reason, together, told

VALUES = {
    "key": "'k-1'",
    "discovery": "automatic",
    "rule": "waterlogging",
    "version": "1.2.0",
    "expression": "depth_m >= 0.3; at least 2 of (a; b)",
    "rev": "2",
    "level": "red",
    "phase": "end",
    "number": "futian-20260601-0001",
    "metres": "12",
    "hours": "0.5",
    "odds": "-1.5",
    "clock": "resolve",
    "percent": "50%",
    "due": "2026-06-01T09:00:00Z",
    "from_state": "handling",
    "to_state": "closed",
    "answer": "仍有积水 still wet",
    "confidence": "0.81",
    "plan": "flood-red",
    "reasons": "on duty, 3 open cases",
    "class_code": "2-01-11",
    "name": "道路积水",
    "line": "4",
    "area": "*",
    "basis": "by-law 12",
    "unit": "water-crew",
    "load": "3",
    "count": "2",
    "department": "water",
    "event_type": "water.ponding",
}
ENGLISH_WORD = re.compile(r"\b(?:level|rule|case|due|apart|discovery|limit|odds|duty|line|class)\b")


@pytest.mark.parametrize("code", sorted(CODES))
def test_a_reason_is_read_as_it_was_told(code: str) -> None:
    """Code and values come back, and the Chinese sentence is Chinese."""
    read = read_reason(told(code, **VALUES))

    assert read is not None
    assert read.code == code
    assert read.values == {name: VALUES[name] for name in read.values}
    assert read.en == told(code, **VALUES)
    assert ENGLISH_WORD.search(read.zh.replace(VALUES["expression"], "")) is None


@pytest.mark.parametrize(
    ("text", "zh"),
    [
        (
            "response: 100% of the limit is used up, due 2026-06-01T09:00:00Z",
            "响应时限已用 100%，到期 2026-06-01T09:00:00Z",
        ),
        ("level rose to red", "级别升为红色"),
        (
            "case n-1, into which it was merged, went from verified to closed",
            "并入的案件 n-1 由“已核查”转为“已结案”",
        ),
        ("w-chen: on duty, 312 m away, 0 open cases", "在岗，距离 312 米，在办案件 0 件"),
        (
            "confidence 0.90: class 2-01-11 道路积水; line 4: class 2-01-11, area *; by-law; w-li: on duty, 1 open cases",
            "置信度 0.90：类别 2-01-11 道路积水；权责清单第 4 行：类别 2-01-11，区域 *；依据：by-law；在岗，在办案件 1 件",
        ),
        (
            "confidence 0.90: of no form; nobody of crew is on duty",
            "置信度 0.90：of no form；crew 无人值班",
        ),
    ],
    ids=["limit", "level", "parent", "named", "several", "unknown"],
)
def test_logs_of_any_age_are_told_in_chinese(text: str, zh: str) -> None:
    """Also where an older program wrote who was chosen, or something that this one does not know."""
    read = read_reason(text)

    assert read is not None
    assert read.zh == zh


def test_several_reasons_make_one() -> None:
    """What lies between them is what they are read by."""
    both = together([told("overlap", line=3), told("nobody_on_duty", unit="crew")])
    read = read_reason(told("dispatched", confidence="0.50", reasons=both))

    assert read is not None
    assert read.zh == "置信度 0.50：第 3 行同样适用：权责清单有重叠；crew 无人值班"


@pytest.mark.parametrize("text", ["", "pumped dry", "level rose", "on duty since six"])
def test_other_texts_are_left_as_they_are(text: str) -> None:
    """No form is guessed."""
    assert read_reason(text) is None


def test_what_a_person_wrote_is_never_taken_for_the_systems() -> None:
    """Whatever it looks like."""
    at_us = int(datetime(2026, 6, 1, tzinfo=UTC).timestamp() * 1_000_000)
    words = "level rose to red"
    mine, its = (
        timeline_entry(
            Record(case_id="c", version=1, at_us=at_us, actor=actor, reason=words, detail=detail)
        )
        for actor, detail in (("li", Commented()), (SYSTEM, Acknowledged()))
    )

    assert mine.said is None
    assert its.said is not None
    assert (its.said.code, its.said.values) == ("level_rose", {"level": "red"})


def test_every_code_is_in_the_docs() -> None:
    """A client that tells reasons in its own words finds them all."""
    text = (Path(__file__).parents[3] / "docs" / "console_cases.md").read_text("utf-8")

    assert [code for code in sorted(CODES) if f"`{code}`" not in text] == []
