"""The collector is paused for some work and comes back after it."""

import gc

import pytest

from runtime.collector import paused_collector


def test_it_is_off_inside_and_on_after() -> None:
    """As it was before, also after an error."""
    with paused_collector():
        inside = gc.isenabled()
    with pytest.raises(ValueError, match="inside"), paused_collector():
        raise ValueError("inside")

    assert (inside, gc.isenabled()) == (False, True)


def test_what_was_off_stays_off() -> None:
    """Whoever turned it off for longer is left alone."""
    gc.disable()
    try:
        with paused_collector():
            pass
        after = gc.isenabled()
    finally:
        gc.enable()

    assert not after
