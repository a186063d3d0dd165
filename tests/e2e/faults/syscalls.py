"""What a running process asked of the kernel, in order: strace, attached by process id."""

import re
import signal
import subprocess
from pathlib import Path
from shutil import which
from typing import NamedTuple

from tests.contract.runtime.brokers import wait_until

__all__ = ["Call", "Syscalls", "TraceRefused", "first"]

_TRACED = "write,writev,pwrite64,sendto,sendmsg,fsync,fdatasync"
_OPTIONS = ("-f", "-y", "-s", "20000", "-e", f"trace={_TRACED}")
"""Threads too, files by name, whole payloads."""
_LINE = re.compile(r"^(?P<thread>\d+) +(?P<text>.*)$")
_RESUMED = re.compile(r"^<\.\.\. \w+ resumed>")


class TraceRefused(Exception):
    """This machine has no strace, or does not let us trace."""


class Call(NamedTuple):
    """One system call: what strace wrote about it, and the lines where it began and had returned."""

    text: str
    began: int
    returned: int


class Syscalls:
    """A trace of a process and its threads: writes, sends and syncs.

    Args:
        pid: the process.
        log: where strace writes.

    Raises:
        TraceRefused: it cannot be traced.
    """

    def __init__(self, pid: int, log: Path) -> None:
        self._log = log
        if which("strace") is None:
            raise TraceRefused("strace is not installed")
        notes = log.with_suffix(".notes")
        with notes.open("wb") as sink:
            self._strace = subprocess.Popen(
                ["strace", *_OPTIONS, "-o", str(log), "-p", str(pid)],
                stderr=sink,
            )
        wait_until(
            lambda: self._strace.poll() is not None or "attached" in notes.read_text(),
            "strace is attached",
        )
        if self._strace.poll() is not None:
            raise TraceRefused(notes.read_text().strip())

    def stop(self) -> list[Call]:
        """Let the process go on untraced and return its calls in the order in which they began."""
        self._strace.send_signal(signal.SIGINT)
        self._strace.wait(20)
        return _parse(self._log.read_text(errors="replace"))


def _parse(text: str) -> list[Call]:
    calls: list[Call] = []
    open_calls: dict[str, int] = {}
    for number, line in enumerate(text.splitlines()):
        found = _LINE.match(line)
        if found is None:
            continue
        thread, said = found["thread"], found["text"]
        if _RESUMED.match(said):
            index = open_calls.pop(thread, None)
            if index is not None:
                calls[index] = calls[index]._replace(returned=number)
        elif said.endswith("<unfinished ...>"):
            open_calls[thread] = len(calls)
            # until it is seen to return it has not
            calls.append(Call(said, number, 2**63))
        else:
            calls.append(Call(said, number, number))
    return calls


def first(calls: list[Call], *parts: str, after: int = -1) -> Call:
    """Return the first call that began after a line of the trace and mentions every part.

    Raises:
        AssertionError: there is none.
    """
    for call in calls:
        if call.began > after and all(part in call.text for part in parts):
            return call
    msg = f"no call after line {after} mentions {parts}"
    raise AssertionError(msg)
