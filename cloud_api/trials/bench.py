"""Runs commands of this project as processes with limits, a few at a time."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from cloud_api.errors import ToolMissing, TrialsBusy, TrialTooLong
from cloud_api.trials.config import TrialConfig

__all__ = ["Bench", "Outcome"]

_MOST_OUTPUT = 32_000_000
"""Bytes of an answer that are read."""
_PATIENCE_S = 5.0
"""Real seconds that somebody waits for his turn."""
_MOST_WORDS = 4_000
"""Characters of an error that are told."""
_MISSING = ("ModuleNotFoundError", "No module named", "needs more than is installed", "pip install")


class Outcome(NamedTuple):
    """How a command ended."""

    status: int
    """Exit status; negative: the signal that ended it."""
    output: bytes
    errors: str


class Bench:
    """Where trials run.

    Args:
        config: limits.
    """

    def __init__(self, config: TrialConfig) -> None:
        self.config = config
        self._places = threading.BoundedSemaphore(config.at_once)

    def run(
        self, module: str, words: Sequence[str], *, folder: Path, given: bytes = b""
    ) -> Outcome:
        """Run ``python -m module words`` to its end and return how it ended.

        Args:
            module: of ours.
            words: the command and its options.
            folder: working directory.
            given: standard input.

        Raises:
            TrialsBusy: as many run already as may, and none ends soon.
            TrialTooLong: it took longer than ``trials.timeout_s``, or more memory than it may.
            ToolMissing: a part of this project that it needs is not installed beside the API.
        """
        if not self._places.acquire(timeout=_PATIENCE_S):
            raise TrialsBusy(
                f"{self.config.at_once} trials run already; try again when one has ended",
                headers={"Retry-After": "5"},
            )
        try:
            outcome = self._run(module, words, folder, given)
        finally:
            self._places.release()
        if outcome.status in {-signal.SIGXCPU, -signal.SIGKILL} or "MemoryError" in outcome.errors:
            raise self._too_long()
        if outcome.status != 0 and any(sign in outcome.errors for sign in _MISSING):
            raise ToolMissing(
                f"python -m {module} cannot run beside this API: {outcome.errors[-400:].strip()}; "
                "install cityloop[gateway,grid] here as well"
            )
        return outcome

    def _run(self, module: str, words: Sequence[str], folder: Path, given: bytes) -> Outcome:
        limits = (str(int(self.config.timeout_s) + 1), str(self.config.memory_bytes))
        argv = [sys.executable, "-m", "cloud_api.trials.limited", *limits, module, *words]
        # one thread each: several trials at a time must not take every core
        environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
            process = subprocess.Popen(
                argv,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=errors,
                cwd=folder,
                env=environment,
                start_new_session=True,
            )
            try:
                process.communicate(given, timeout=self.config.timeout_s)
            except subprocess.TimeoutExpired as error:
                raise self._too_long() from error
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait()
            output.seek(0)
            errors.seek(0)
            return Outcome(
                process.returncode,
                output.read(_MOST_OUTPUT),
                errors.read().decode("utf-8", "replace")[-_MOST_WORDS:],
            )

    def _too_long(self) -> TrialTooLong:
        return TrialTooLong(
            f"the trial was ended: more than {self.config.timeout_s:g} s or "
            f"{self.config.memory_bytes} bytes of memory; choose less data, or raise trials.timeout_s"
        )
