"""Masking: nothing personal survives, what machines made does."""

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_api.privacy.log_masking import mask_log
from cloud_api.privacy.masking import mask, mask_value

FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")
CHINESE = str.maketrans("0123456789", "零一二三四五六七八九")

MOBILES = st.builds(
    lambda second, rest: f"1{second}{rest:09d}",
    st.sampled_from("3456789"),
    st.integers(0, 10**9 - 1),
)


@st.composite
def _written(draw: st.DrawFn) -> tuple[str, str]:
    """A phone number and one of the ways in which people write it."""
    number = draw(MOBILES)
    way = draw(st.integers(0, 8))
    a, b, c = number[:3], number[3:7], number[7:]
    written = [
        number,
        f"{a}-{b}-{c}",
        f"{a} {b} {c}",
        f"+86{number}",
        f"+86 {a} {b} {c}",
        f"0086-{number}",
        number.translate(FULL_WIDTH),
        number.translate(CHINESE),
        f"{a}.{b}.{c}",
    ]
    return number, written[way]


PROSE = st.text(alphabet=st.sampled_from("井盖丢了请尽快处理,，。 :：/()abcXYZ积水深"), max_size=12)


@given(numbers=st.lists(_written(), min_size=1, max_size=4), prose=st.lists(PROSE, min_size=5))
def test_no_phone_number_survives(numbers: list[tuple[str, str]], prose: list[str]) -> None:
    """However it is written and however many there are: half of a number is gone from the text."""
    text = prose[0]
    for (_, written), after in zip(numbers, prose[1:], strict=False):
        text += f"{written},{after}"

    masked = mask(text)

    plain = masked.translate(
        str.maketrans("０１２３４５６７８９零一二三四五六七八九", "0123456789" * 2)
    )
    digits = re.sub(r"\D", "", plain)
    assert all(number[3:] not in digits for number, _ in numbers[: len(prose) - 1])


@given(st.text(max_size=80))
def test_masking_twice_changes_nothing_more(text: str) -> None:
    """What was masked stays as it is."""
    assert mask(mask(text)) == mask(text)


@given(
    st.one_of(
        st.uuids().map(str),
        st.binary(min_size=32, max_size=32).map(bytes.hex),
        st.datetimes()
        .map(lambda moment: f"{moment.year:04d}{moment:-%m-%dT%H:%M:%S.%f}Z")
        .filter(lambda text: text.startswith(("19", "20"))),
        st.builds(
            lambda day, n: f"futian-{day:%Y%m%d}-{n:04d}",
            st.dates(date(2000, 1, 1)),
            st.integers(1, 9999),
        ).filter(lambda text: text[7:9] in {"19", "20"}),
    )
)
def test_what_a_machine_made_stays(text: str) -> None:
    """Ids, hashes, moments and case numbers are not blotted out."""
    assert mask(text) == text


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("13812345678,13987654321", "****,****"),
        ("请打0755-83456789", "请打****"),
        ("电话：83456789", "电话：****"),
        ("call +1 (415) 555-0132 now", "call **** now"),
        ("身份证440304199001011234。", "身份证****。"),
        ("440304199001011 23X", "440304199001011 23X"),
        ("粤B12345挡路", "****挡路"),
        ("粤B·D12345和京AF12345", "****和****"),
        ("沪A1234警", "****"),
        ("我叫王小明，联系人：欧阳锋", "我叫****，联系人：****"),
        ("李女士和张大爷说", "****女士和****大爷说"),
        ("深南大道1001号3栋2单元502室", "深南大道****"),
        ("科技园3栋502", "科技园****"),
        ("12 High Street, Apt 4B", "**** High Street, Apt ****"),
        ("My name is John Smith.", "My name is ****."),
        ("ask Mr. Brown", "ask Mr. ****"),
        ("a.b@city.gov.cn", "****"),
        ("积水0.3米, 12345热线", "积水0.3米, 12345热线"),
        ("114.057868,22.543096", "114.057868,22.543096"),
        ("grid 440304001001002", "grid 440304001001002"),
        ("line 4; w-chen: on duty, 312 m away", "line 4; ****: on duty, 312 m away"),
        ("", ""),
    ],
)
def test_kinds_of_personal_data(text: str, masked: str) -> None:
    """Phones, cards, plates, names, addresses and e-mail, zh and en; figures stay."""
    assert mask(text) == masked


def test_values_are_masked_wherever_they_stand() -> None:
    """Nested texts and fields that are personal by name; numbers and names of fields stay."""
    value = {"phone": "5551", "13812345678": 1, "a": ["13812345678", {"b": "李女士"}], "n": 3.5}

    assert mask_value(value) == {
        "phone": "****",
        "13812345678": 1,
        "a": ["****", {"b": "****女士"}],
        "n": 3.5,
    }


def test_the_staff_is_hidden_where_it_is_asked_for() -> None:
    """Who has a case, owns a cell or was told; the account that acted, unit and department stay."""
    value = {
        "person": "w-chen",
        "owner": None,
        "unit": "water-crew",
        "actor": "li.ming",
        "told": [{"recipient": "person:w-chen"}, {"recipient": "group"}],
    }

    assert mask_value(value) == value
    assert mask_value(value, staff=True) == value | {
        "person": "****",
        "told": [{"recipient": "person:****"}, {"recipient": "group"}],
    }


def test_logs_hold_neither_phones_nor_tokens() -> None:
    """A log line that quotes a request gives nothing away."""
    token = "cityloop_0123456789ab_" + "x" * 43
    fields = {"event": "request_failed", "cause": f"key {token} of 13812345678"}

    assert mask_log(None, "info", fields) == {
        "event": "request_failed",
        "cause": "key cityloop_0123456789ab_*** of ****",
    }
