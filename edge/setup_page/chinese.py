"""What checks find out, in Chinese: clause by clause, and in English where a clause is not known."""

import re
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import msgspec

from runtime.finding import Finding
from runtime.yaml_document import parse_document

__all__ = ["ChineseFinding", "in_chinese", "translated"]

_NAME = "finding_phrases.yaml"
_GAP = re.compile(r"\\\{(\d+|rest)\\\}")


class ChineseFinding(msgspec.Struct, frozen=True):
    """A finding's words for people who read Chinese."""

    detail: str
    advice: str


class _Phrase(NamedTuple):
    pattern: re.Pattern[str]
    chinese: str


@cache
def _phrases() -> tuple[_Phrase, ...]:
    text = files("edge.setup_page").joinpath(_NAME).read_text(encoding="utf-8")
    known = msgspec.convert(parse_document(text, _NAME).data, dict[str, str])
    return tuple(
        _Phrase(re.compile(_GAP.sub(r"(?P<g\1>.+?)", re.escape(english)), re.DOTALL), chinese)
        for english, chinese in known.items()
    )


def in_chinese(finding: Finding) -> ChineseFinding:
    """Return what a check found out, and what to do, in Chinese as far as it is known."""
    return ChineseFinding(translated(finding.detail), translated(finding.advice))


def translated(text: str) -> str:
    """Return a text in Chinese, clause by clause; what is not known stays as it is."""
    whole = _clause(text)
    if whole is not None:
        return whole
    head, found, rest = text.partition(": ")
    clauses = text.split("; ")
    if len(clauses) > 1:
        return "；".join(translated(one) for one in clauses)
    # a name before a colon that is no phrase: what follows may be one
    return f"{head}：{translated(rest)}" if found and _clause(rest) is not None else text


def _clause(text: str) -> str | None:
    if "; " in text:
        # only a prefix may reach over several clauses
        return _prefixed(text)
    for phrase in _phrases():
        if match := phrase.pattern.fullmatch(text):
            return _filled(phrase.chinese, match)
    return None


def _prefixed(text: str) -> str | None:
    for phrase in _phrases():
        if "grest" in phrase.pattern.groupindex and (match := phrase.pattern.fullmatch(text)):
            return _filled(phrase.chinese, match)
    return None


def _filled(chinese: str, match: re.Match[str]) -> str:
    """Return a phrase with its gaps filled; ``rest`` is translated as well."""
    gaps = {name[1:]: value for name, value in match.groupdict().items()}
    if "rest" in gaps:
        gaps["rest"] = translated(gaps["rest"])
    return re.sub(r"\{(\d+|rest)\}", lambda gap: gaps[gap[1]], chinese)
