"""What ``Retry-After`` may look like."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.sinks.retry_after import LONGEST_WAIT_S, retry_after_s

_DATE = "Wed, 21 Oct 2026 07:28:00 GMT"


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        pytest.param({}, None, id="not asked"),
        pytest.param({"retry-after": "12"}, 12.0, id="seconds"),
        pytest.param({"retry-after": "0"}, 0.0, id="at once"),
        pytest.param({"retry-after": "86400"}, LONGEST_WAIT_S, id="a day"),
        pytest.param(
            {"retry-after": "Wed, 21 Oct 2026 07:28:30 GMT", "date": _DATE}, 30.0, id="a date"
        ),
        pytest.param({"retry-after": _DATE, "date": _DATE}, 0.0, id="now"),
        pytest.param(
            {"retry-after": "Wed, 21 Oct 2026 07:27:00 GMT", "date": _DATE}, 0.0, id="past"
        ),
        pytest.param({"retry-after": _DATE}, None, id="a date and no clock"),
        pytest.param({"retry-after": "-5"}, None, id="negative"),
        pytest.param({"retry-after": "\u0667"}, None, id="other digits"),
        pytest.param(
            {"retry-after": "Wed, 21 Oct 2026 07:28:30 -0000", "date": _DATE}, None, id="no offset"
        ),
    ],
)
def test_what_an_answer_asks_for(headers: dict[str, str], expected: float | None) -> None:
    """Seconds or a date by the server's own clock, within bounds; else nothing."""
    assert expected == retry_after_s(headers)


@given(st.text(max_size=40), st.text(max_size=40))
def test_no_header_breaks_delivery(asked: str, date: str) -> None:
    """Whatever a server writes there."""
    found = retry_after_s({"retry-after": asked, "date": date})

    assert found is None or 0.0 <= found <= LONGEST_WAIT_S
