"""Calibration curves: what a sensor's number means."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.sensors.conversion import Conversion, ConversionError, Curve, Polynomial

RISING = st.lists(st.integers(-10_000, 10_000), min_size=2, max_size=12, unique=True).map(
    lambda found: [float(one) for one in sorted(found)]
)


@given(raws=RISING, trues=RISING, at=st.floats(-20_000.0, 20_000.0))
def test_a_rising_curve_is_undone_by_its_inverse(
    raws: list[float], trues: list[float], at: float
) -> None:
    """The inverse of a rising curve gives back the raw value, also beyond its ends."""
    count = min(len(raws), len(trues))
    curve = Curve(tuple(zip(raws[:count], trues[:count], strict=True)))

    assert curve.inverse(curve(at)) == pytest.approx(at, rel=1e-6, abs=1e-3)


@given(
    scale=st.floats(0.01, 100.0),
    offset=st.floats(-100.0, 100.0),
    at=st.floats(-50.0, 50.0),
    cubic=st.floats(0.001, 0.1),
)
def test_a_polynomial_is_undone_by_its_inverse(
    scale: float, offset: float, at: float, cubic: float
) -> None:
    """Scale, offset and a rising polynomial, undone in the other order, give back the raw value."""
    conversion = Conversion(scale, offset, Polynomial((1.0, 2.0, 0.0, cubic)))
    reached = at * scale + offset

    found = conversion.inverse(conversion(at), reached - 100.0, reached + 100.0)

    assert found == pytest.approx(at, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize(
    ("raw", "true"),
    [(0.0, 0.0), (4.0, 0.0), (12.0, 2.5), (20.0, 5.0), (24.0, 6.25)],
    ids=["below the range", "low end", "middle", "high end", "beyond the range"],
)
def test_a_current_loop_becomes_a_depth(raw: float, true: float) -> None:
    """4 to 20 mA over 5 m, with a flat piece below 4 mA, comes out as the curve says."""
    curve = Curve(((0.0, 0.0), (4.0, 0.0), (20.0, 5.0)))

    assert curve(raw) == pytest.approx(true)


def test_a_falling_curve_is_undone_too() -> None:
    """A distance to the water falls as the water rises."""
    curve = Curve(((200.0, 3.0), (3200.0, 0.0)))

    assert curve(1700.0) == pytest.approx(1.5)
    assert curve.inverse(1.5) == pytest.approx(1700.0)


@pytest.mark.parametrize(
    "points",
    [((1.0, 1.0),), ((1.0, 1.0), (1.0, 2.0)), ((2.0, 1.0), (1.0, 2.0))],
    ids=["one point", "twice the same", "falling raw"],
)
def test_a_curve_that_is_no_function_is_refused(points: tuple[tuple[float, float], ...]) -> None:
    """Points must be two at least and rise."""
    with pytest.raises(ConversionError):
        Curve(points)


def test_a_curve_that_goes_up_and_down_has_no_inverse() -> None:
    """Several raw values may mean one true value, so none is named."""
    with pytest.raises(ConversionError, match="rise"):
        Curve(((0.0, 0.0), (1.0, 2.0), (2.0, 1.0))).inverse(1.5)


def test_a_value_that_a_polynomial_does_not_reach_is_refused() -> None:
    """The square of a number is never below 0."""
    with pytest.raises(ConversionError, match="not reached"):
        Polynomial((0.0, 0.0, 1.0)).inverse(-1.0, -10.0, 10.0)
