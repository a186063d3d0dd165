"""A process that stores something again and again and says each time that it is done."""

import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

__all__ = ["Speaker"]


class Speaker:
    """A Python script in a process of its own; each line that it prints is a promise.

    Args:
        script: the program; ``sys.argv[1:]`` are the arguments.
        arguments: folders and settings.
    """

    def __init__(self, script: str, *arguments: Path | str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", script, *map(str, arguments)],
            stdout=subprocess.PIPE,
            stdin=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def hear(self) -> str:
        """Return the next line."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line.endswith("\n"), "the script ended"
        return line.strip()

    def go_on(self) -> None:
        """Let a script that waits at its input take its next turn."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()

    def kill(self) -> None:
        """End it at once (SIGKILL)."""
        self._process.kill()
        self._process.communicate(timeout=10)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process.poll() is None:
            self.kill()
