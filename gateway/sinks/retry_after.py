"""``Retry-After``: when a server that cannot take something now wants to be asked again.

Source: RFC 9110 §10.2.3 (seconds, or a date), §6.6.1 (``Date``).
"""

from collections.abc import Mapping
from email.utils import parsedate_to_datetime

__all__ = ["LONGEST_WAIT_S", "retry_after_s"]

LONGEST_WAIT_S = 600.0
"""No server is believed for longer, seconds: alarms wait, and a date may be mistaken (expert setting)."""


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that an answer asks to be left alone for, 0 to 600; None: it does not ask.

    A date is compared with the answer's own ``Date``: what counts is the server's clock, not ours.

    Args:
        headers: of the answer; names are looked up in lower case.
    """
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text), LONGEST_WAIT_S)
    try:
        until = parsedate_to_datetime(text)
        since = parsedate_to_datetime(headers.get("date", ""))
        asked_s = (until - since).total_seconds()
    except (ValueError, TypeError):  # no date, or one with an offset and one without
        return None
    return min(max(0.0, asked_s), LONGEST_WAIT_S)
