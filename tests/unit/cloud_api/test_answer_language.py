"""In which language somebody is answered."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from cloud_api.answer_language import answer_language
from cloud_api.citizens.outcome import Outcome, Passage
from cloud_api.flow import State
from cloud_api.notices.plan import Language
from cloud_api.system_reasons import told

CASES = {
    "browser in China": ("zh-CN,zh;q=0.9,en;q=0.8", Language.ZH),
    "browser in England": ("en-GB,en;q=0.9", Language.EN),
    "Chinese preferred less": ("zh;q=0.4, EN;q=0.5", Language.EN),
    "the first of equals": ("zh,en", Language.ZH),
    "refused": ("zh;q=0,de", Language.EN),
    "others": ("de,fr;q=0.5,*;q=0.1", Language.EN),
    "nothing": (None, Language.EN),
    "rubbish": (";;q=,zh;q=x,,=", Language.EN),
    "weight of another name": ("zh;level=1,de", Language.EN),
    "without end": ("de," * 400 + "zh", Language.EN),
}


@pytest.mark.parametrize("name", CASES, ids=str)
def test_the_header_names_the_language(name: str) -> None:
    """The one that weighs most of the two; English where neither is named."""
    header, expected = CASES[name]

    assert expected == answer_language(header, Language.EN)


PARENT = told("parent", number="futian-1", from_state="handling", to_state="closed")


@pytest.mark.parametrize(
    ("by_system", "language", "expected"),
    [
        (True, Language.ZH, "并入的案件 futian-1 由“处理中”转为“已结案”"),
        (True, Language.EN, PARENT),
        (False, Language.ZH, PARENT),
    ],
    ids=["system in Chinese", "system in English", "a person's words"],
)
def test_only_the_systems_own_words_are_told_in_another_language(
    by_system: bool, language: Language, expected: str
) -> None:
    """What somebody wrote is told as he wrote it, even where it reads like the system."""
    case = cast("Any", SimpleNamespace(state=State.CLOSED))
    passages = [Passage(State.CLOSED, 1, PARENT, by_system)]

    assert expected == Outcome(case, case, open=False, passages=passages).answer(language)
