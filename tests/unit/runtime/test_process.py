"""Stopping when asked to."""

import os
import signal
import subprocess
import sys
import threading

import pytest

from runtime.process import StopFlag, stop_on_signals


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_sets_the_flag(number: signal.Signals) -> None:
    """The flag is up, names its reason, and waiting for it ends."""
    with stop_on_signals() as stop:
        assert not stop
        os.kill(os.getpid(), number)

        assert stop.wait(10.0)
        assert stop
        assert stop.reason == number.name


def test_the_former_handlers_come_back() -> None:
    """Outside the block signals mean what they meant before."""
    before = signal.getsignal(signal.SIGTERM)

    with stop_on_signals():
        assert signal.getsignal(signal.SIGTERM) != before

    assert before == signal.getsignal(signal.SIGTERM)


def test_the_first_reason_is_kept() -> None:
    """Who asks second does not rewrite history."""
    stop = StopFlag()
    stop.set("finished")

    stop.set("SIGTERM")

    assert stop.reason == "finished"


def test_waiting_ends_in_another_thread() -> None:
    """A thread that waits is woken by the flag."""
    stop = StopFlag()
    woken: list[bool] = []
    thread = threading.Thread(target=lambda: woken.append(stop.wait(60.0)))
    thread.start()

    stop.set("done")

    thread.join(10.0)
    assert woken == [True]


def test_a_second_signal_ends_the_process_at_once() -> None:
    """Somebody who presses Ctrl-C twice means it."""
    script = (
        "import os, signal\n"
        "from runtime.process import stop_on_signals\n"
        "with stop_on_signals():\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
        "print('still here')\n"
    )

    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, timeout=30, check=False
    )

    assert (ended.returncode, ended.stdout) == (-signal.SIGTERM, b"")
