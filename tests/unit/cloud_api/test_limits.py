"""Rate limits: buckets, and where a request comes from."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_api.limits.address import client_address
from cloud_api.limits.buckets import Buckets


def test_a_burst_and_then_the_rate() -> None:
    """What is saved up may come at once; afterwards as much as flows in."""
    buckets = Buckets(per_s=2.0, burst=3.0, most=10)

    waits = [buckets.take("a", 0.0) for _ in range(4)]

    assert waits == [0.0, 0.0, 0.0, 0.5]
    assert buckets.take("a", 0.5) == 0.0
    assert buckets.take("a", 0.5) == 0.5


def test_keys_do_not_pay_for_each_other() -> None:
    """One who floods leaves the other's bucket full."""
    buckets = Buckets(per_s=1.0, burst=1.0, most=10)
    for _ in range(100):
        buckets.take("a", 0.0)

    assert buckets.take("b", 0.0) == 0.0


@given(
    steps=st.lists(
        st.tuples(st.sampled_from("abc"), st.floats(0.0, 2.0), st.floats(0.1, 5.0)), max_size=60
    )
)
def test_nobody_gets_more_than_burst_and_rate(steps: list[tuple[str, float, float]]) -> None:
    """Whatever the order, a key gets at most its burst and what has flowed in since."""
    buckets = Buckets(per_s=1.0, burst=4.0, most=10)
    now_s, taken = 0.0, dict.fromkeys("abc", 0.0)

    for key, pause_s, cost in steps:
        now_s += pause_s
        if buckets.take(key, now_s, cost) == 0.0:
            taken[key] += min(cost, 4.0)

    assert all(amount <= 4.0 + now_s + 1e-6 for amount in taken.values())


@given(st.lists(st.text(max_size=4), max_size=200))
def test_the_table_is_bounded(keys: list[str]) -> None:
    """However many ask, a fixed number is remembered."""
    buckets = Buckets(per_s=1.0, burst=1.0, most=7)

    for key in keys:
        buckets.take(key, 0.0)

    assert len(buckets) <= 7


@pytest.mark.parametrize(
    ("peer", "forwarded", "proxies", "address"),
    [
        pytest.param("9.9.9.9", "", (), "9.9.9.9", id="nobody between"),
        pytest.param("9.9.9.9", "1.1.1.1", (), "9.9.9.9", id="no proxy is known"),
        pytest.param("10.0.0.2", "1.1.1.1", ("10.0.0.0/8",), "1.1.1.1", id="one proxy"),
        pytest.param(
            "10.0.0.2", "6.6.6.6, 1.1.1.1", ("10.0.0.0/8",), "1.1.1.1", id="written by the client"
        ),
        pytest.param("10.0.0.2", "1.1.1.1, 10.0.0.9", ("10.0.0.0/8",), "1.1.1.1", id="two proxies"),
        pytest.param("9.9.9.9", "1.1.1.1", ("10.0.0.0/8",), "9.9.9.9", id="a stranger says so"),
        pytest.param("10.0.0.2", "", ("10.0.0.0/8",), "10.0.0.2", id="the proxy itself"),
        pytest.param("", "1.1.1.1", ("10.0.0.0/8",), "", id="no peer"),
    ],
)
def test_the_address_behind_proxies(
    peer: str, forwarded: str, proxies: tuple[str, ...], address: str
) -> None:
    """A client cannot choose its address by writing a header."""
    headers = [(b"x-forwarded-for", forwarded.encode())] if forwarded else []
    scope = {"client": (peer, 1) if peer else None, "headers": headers}

    assert client_address(scope, proxies) == address
