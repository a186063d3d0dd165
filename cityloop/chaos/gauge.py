"""A figure of a running gateway, from its metrics page."""

import httpx

from cityloop.errors import NotReady
from cityloop.stack.loopback import wait_until

__all__ = ["read_gauge"]

_ANSWER_S = 120.0
"""A gateway under a flood, on a machine that does the work of ten, may take its time."""
_REQUEST_S = 10.0


def read_gauge(url: str, name: str, *, within_s: float = _ANSWER_S) -> float:
    """Return a figure, summed over its labels.

    Args:
        url: the metrics page.
        name: the metric without ``cityloop_gateway_``, or how it begins.
        within_s: how long to wait for an answer, seconds.

    Raises:
        NotReady: nobody answers, or the page has no such figure.
    """
    figures: list[float] = []

    def answered() -> bool:
        try:
            page = httpx.get(url, timeout=_REQUEST_S).raise_for_status().text
        except httpx.HTTPError:
            return False
        lines = [line for line in page.splitlines() if line.startswith(f"cityloop_gateway_{name}")]
        figures.extend(float(line.rpartition(" ")[2]) for line in lines)
        return True

    if not wait_until(answered, within_s, every_s=0.2):
        raise NotReady(f"{url}: the gateway does not answer for {within_s:.0f} s")
    if not figures:
        raise NotReady(f"{url}: has no figure {name!r}; expected one of the gateway's metrics")
    return sum(figures)
