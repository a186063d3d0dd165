"""Asking instruments: rhythm, retries, and that a dead one delays nobody."""

import threading
import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random

import pytest

from contracts.status import SubjectBirth
from edge.sensors.errors import SensorFault
from edge.sensors.polled import PolledDriver
from edge.sensors.ports import SensorReading

START = datetime(2026, 7, 1, 8, 0, tzinfo=UTC)


class Gauge:
    """An instrument that answers at once, fails when told to, or waits until it is let go."""

    def __init__(self, *, hangs: bool = False) -> None:
        self.name = "gauge:w-1"
        self.births: tuple[SubjectBirth, ...] = (
            SubjectBirth(subject="w-1", profile="water_level"),
        )
        self.asked: list[datetime] = []
        self.broken = False
        self.free = threading.Event()
        if not hangs:
            self.free.set()

    def read(self, now: datetime) -> list[SensorReading]:
        """Answer, or not."""
        self.asked.append(now)
        assert self.free.wait(20.0)
        if self.broken:
            raise SensorFault("gauge: no answer")
        return [SensorReading("w-1", "water_level", now, {"depth_m": 0.1})]

    def close(self) -> None:
        """Let go of whoever waits."""
        self.free.set()


def after(seconds: float) -> datetime:
    """Return a moment after the start."""
    return START + timedelta(seconds=seconds)


def polled_until(driver: PolledDriver, now: datetime) -> list[SensorReading]:
    """Return the first answer; fails when none comes."""
    end = time.monotonic() + 10.0
    while time.monotonic() < end:
        if found := driver.poll(now):
            return found
    raise AssertionError("no answer within 10 s")


def test_an_instrument_is_asked_in_its_rhythm() -> None:
    """Every 10 s, whatever the loop's own rhythm; what was slept through is not made up for."""
    gauge = Gauge()
    driver = PolledDriver(gauge, 10.0, Random(1), threaded=False)
    for seconds in (0.0, 3.0, 9.9, 10.0, 12.0, 47.0, 49.0, 50.0):
        driver.poll(after(seconds))

    assert [(at - START).total_seconds() for at in gauge.asked] == [0.0, 10.0, 47.0, 50.0]


def test_a_fault_is_told_and_retried_with_growing_patience() -> None:
    """Faults raise; the questions become rarer, and the rhythm is back with the first answer."""
    gauge = Gauge()
    gauge.broken = True
    driver = PolledDriver(gauge, 10.0, Random(1), threaded=False)
    faults = 0
    for second in range(2000):
        try:
            driver.poll(after(second))
        except SensorFault:
            faults += 1
    gauge.broken = False
    answered = [n for n in range(2000, 4000) if driver.poll(after(n))]

    assert 5 < faults < 60
    assert len(gauge.asked) == faults + len(answered)
    assert {b - a for a, b in pairwise(answered[1:])} == {10}


def test_an_instrument_that_hangs_does_not_hold_up_the_loop() -> None:
    """While the question is open, polls return at once, and what falls due is counted as missed."""
    gauge = Gauge(hangs=True)
    driver = PolledDriver(gauge, 1.0, Random(1))
    begun = time.monotonic()
    for second in range(20):
        assert driver.poll(after(second)) == []
    lasted_s = time.monotonic() - begun
    gauge.free.set()
    found = polled_until(driver, after(19.5))
    driver.close()

    assert lasted_s < 5.0
    assert driver.counters["asked"] == 1
    assert driver.counters["missed"] == 19
    assert [reading.at for reading in found] == [START]


def test_what_a_worker_finds_wrong_is_raised_in_the_loop() -> None:
    """A fault on the worker's thread reaches whoever polls."""
    gauge = Gauge()
    gauge.broken = True
    driver = PolledDriver(gauge, 1.0, Random(1))
    with pytest.raises(SensorFault, match="no answer"):
        polled_until(driver, START)
    driver.close()


def test_the_rhythm_can_be_changed_while_it_runs() -> None:
    """From the next question on; None goes back to the profile's own."""
    gauge = Gauge()
    driver = PolledDriver(gauge, 5.0, Random(1), threaded=False)
    driver.poll(START)
    driver.report_every(2.0)
    moments = [n for n in range(1, 14) if driver.poll(after(n))]
    driver.report_every(None)
    later = [n for n in range(14, 40) if driver.poll(after(n))]

    assert moments == [5, 7, 9, 11, 13]
    assert later == [15, 25, 35]
