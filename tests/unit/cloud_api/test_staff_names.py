"""Names of the staff in what somebody wrote."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_api.errors import StoreUnavailable
from cloud_api.privacy.masking import mask_value
from cloud_api.privacy.staff_names import StaffNames, names_pattern

KNOWN = ("w-chen", "w-chen-2", "li.na@city.cn", "王建军", "ann", "欧阳 雪", "a")


def _names(*names: str, words: tuple[str, ...] = ()) -> StaffNames:
    found = StaffNames(lambda: names, others=(), words=words)
    found.refresh()
    return found


TEXTS = {
    "in a sentence": ("ask w-chen about it", "ask **** about it"),
    "the longer of two": ("w-chen-2 came", "**** came"),
    "neither of two": ("w-chen-23, w-chenx, xw-chen", "w-chen-23, w-chenx, xw-chen"),
    "before a stop": ("it was ann.", "it was ****."),
    "in capitals": ("ANN and W-Chen", "**** and ****"),
    "in a word": ("channel, annual, joann", "channel, annual, joann"),
    "among Chinese": ("已通知ann到场，王建军处理", "已通知****到场，****处理"),
    "with a blank": ("欧阳 雪说", "****说"),
    "an address": ("write to li.na@city.cn!", "write to ****!"),
    "one letter": ("a hole", "a hole"),
}


@pytest.mark.parametrize("name", TEXTS, ids=str)
def test_known_names_are_hidden_where_they_stand_alone(name: str) -> None:
    """The longest that fits; parts of other words stay."""
    text, expected = TEXTS[name]

    assert expected == _names(*KNOWN).hidden(text)


_NAME = st.text(alphabet="ab-.9王", min_size=2, max_size=6).filter(
    lambda name: name == name.strip()
)


@given(st.lists(_NAME, max_size=12), _NAME)
def test_the_pattern_finds_what_the_names_one_by_one_find(names: list[str], text: str) -> None:
    """Sharing beginnings changes nothing: a text of one name is found where some name is that."""
    pattern = names_pattern(names)
    found = pattern is not None and pattern.fullmatch(text) is not None

    assert found == (text in names)


def test_nobody_known_hides_nothing() -> None:
    """An empty register, and one of names too short."""
    assert names_pattern([]) is names_pattern(["x"]) is None
    assert _names().hidden("ann") == "ann"


def test_a_department_is_no_name() -> None:
    """A user who is called like one does not take it out of every remark."""
    assert _names("water", "ann", words=("water",)).hidden("ann of water") == "**** of water"


def test_only_what_people_write_is_looked_through() -> None:
    """Fields that name accounts on purpose stay, and nothing is hidden from who gives out work."""
    entry = {"actor": "ann", "reason": "ann saw it", "detail": {"what": "tell ann", "state": "ann"}}
    names = _names("ann")

    assert mask_value(entry, staff=True, names=names) == {
        "actor": "ann",
        "reason": "**** saw it",
        "detail": {"what": "tell ****", "state": "ann"},
    }
    assert mask_value(entry, staff=False, names=names) == entry


def test_a_register_that_is_away_leaves_the_names_known_before() -> None:
    """They are read again once it has changed and can be read."""
    users = ["ann"]
    away = False

    def read() -> list[str]:
        if away:
            raise StoreUnavailable("away")
        return users

    names = StaffNames(read, others=["bob"], words=())
    names.refresh()
    users, away = ["ann", "cleo"], True
    names.forget()
    names.refresh()
    kept = names.hidden("ann bob cleo")
    away = False
    names.refresh()

    assert (kept, names.hidden("ann bob cleo")) == ("**** **** cleo", "**** **** ****")


def test_a_thousand_names_share_their_beginnings() -> None:
    """The pattern grows by what differs, and each is found."""
    names = [f"grid-officer-{number:04d}" for number in range(1000)]
    pattern = names_pattern(names)

    assert pattern is not None
    assert len(pattern.pattern) < 60_000
    assert all(re.fullmatch(pattern, name) for name in names)
