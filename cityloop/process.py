"""One supervised child process: started with its log in a file, stopped by its pid."""

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from cityloop.errors import ProcessDied

__all__ = ["ChildProcess"]

_TAIL_BYTES = 3000


class ChildProcess:
    """A child in a process group of its own, so that a Ctrl-C in the terminal reaches only us."""

    def __init__(
        self,
        name: str,
        argv: Sequence[str],
        *,
        log: Path,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self.argv = list(argv)
        self.log = log
        self._environment = dict(environment or {})
        self._child: subprocess.Popen[bytes] | None = None
        self.starts = 0
        self._log_from = 0

    def start(self) -> None:
        """Start the process; its output is appended to the log file."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self._log_from = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as sink:
            self._child = subprocess.Popen(
                self.argv,
                stdout=sink,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env={**os.environ, **self._environment},
                start_new_session=True,
            )
        self.starts += 1

    @property
    def pid(self) -> int | None:
        """The process id while it runs, else None."""
        return self._child.pid if self._child is not None and self.alive else None

    @property
    def alive(self) -> bool:
        """Whether the process is running."""
        return self._child is not None and self._child.poll() is None

    @property
    def exit_code(self) -> int | None:
        """The exit status of a process that ended; negative for a signal."""
        return None if self._child is None else self._child.poll()

    def kill(self) -> None:
        """End the process and its own children at once (SIGKILL), and reap it."""
        if self._child is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self._child.pid, signal.SIGKILL)
        self._child.wait(timeout=10.0)

    def stop(self, grace_s: float = 10.0) -> None:
        """Ask the process to end (SIGTERM); kill it when it has not after ``grace_s`` seconds."""
        if self._child is None or not self.alive:
            return
        self._child.send_signal(signal.SIGTERM)
        try:
            self._child.wait(timeout=grace_s)
        except subprocess.TimeoutExpired:
            self.kill()

    def require_alive(self) -> None:
        """Check that the process still runs.

        Raises:
            ProcessDied: with its exit status and the end of its log.
        """
        if not self.alive:
            msg = (
                f"{self.name} ended with status {self.exit_code}; "
                f"its log {self.log} ends with:\n{self.log_tail()}"
            )
            raise ProcessDied(msg)

    def said(self, words: str) -> bool:
        """Return whether the log has these words since the last start."""
        with self.log.open("rb") as lines:
            lines.seek(self._log_from)
            return words.encode() in lines.read()

    def log_tail(self) -> str:
        """Return the last lines of the log."""
        if not self.log.exists():
            return "(nothing)"
        return self.log.read_bytes()[-_TAIL_BYTES:].decode("utf-8", "replace").strip()

    def wait_exit(self, timeout_s: float) -> int | None:
        """Wait for the process to end by itself; return its status, or None when it still runs."""
        if self._child is None:
            return None
        deadline = time.monotonic() + timeout_s
        try:
            return self._child.wait(timeout=max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            return None
