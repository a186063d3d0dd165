"""Tracking codes, and GeoReport documents."""

from xml.etree.ElementTree import fromstring

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_api.citizens.tracking import CODE_BYTES, code_of, hash_of, normal_code
from cloud_api.open311.rendering import answer

CODES = st.binary(min_size=CODE_BYTES, max_size=CODE_BYTES)


@given(CODES)
def test_a_code_is_known_however_it_is_typed(random: bytes) -> None:
    """Small letters, spaces, and letters that look like digits."""
    code = code_of(random)
    typed = code.lower().replace("-", " ").replace("0", "o").replace("1", "l")

    assert code == normal_code(code) == normal_code(typed)


@given(CODES, CODES)
def test_codes_differ_as_their_bytes_do(one: bytes, other: bytes) -> None:
    """All eighty bits are in the code."""
    assert (
        (one == other)
        == (code_of(one) == code_of(other))
        == (hash_of(code_of(one)) == hash_of(code_of(other)))
    )


@pytest.mark.parametrize(
    "text", ["", "7G3K-0M2P-9XQA", "7G3K-0M2P-9XQA-TT4U", "x" * 400, "\x00" * 16]
)
def test_what_is_no_code_is_none(text: str) -> None:
    """Too short, too long, letters that no code has."""
    assert normal_code(text) is None


@given(st.text())
def test_any_text_makes_xml_that_can_be_read(text: str) -> None:
    """Characters that XML lacks are replaced, markup is escaped."""
    found = fromstring(
        bytes(answer("xml", "errors", "error", [{"description": text.replace("\r", "")}]).body)
    )
    shown = found.findtext("error/description") or ""

    assert len(shown) == len(text.replace("\r", ""))
