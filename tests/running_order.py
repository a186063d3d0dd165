"""Which tests run where and when, as several run at a time (`make test`).

Most long tests wait for servers and leave the processor idle; most short ones reckon and wait for nothing. So one worker
begins with the short files and the others with the long ones: waiting and reckoning overlap all the way, and what is left for
the end is short. How long a file takes was written down by `make test ARGS=--record-seconds`; a file that is not listed counts
as short.
"""

import collections
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from xdist.scheduler.loadfile import LoadFileScheduling

if TYPE_CHECKING:
    from xdist.workermanage import WorkerController

__all__ = ["LISTED_S", "SECONDS", "RunningOrder", "SecondsOfFiles", "next_one"]

SECONDS = Path(__file__).with_name("seconds.json")
LISTED_S = 3.0
"""Files that take less, in seconds, are not listed."""


def next_one(waiting: Iterable[str], seconds: Mapping[str, float], *, shortest: bool) -> str:
    """Return which of the waiting files a worker gets; the first of equal ones."""
    return (min if shortest else max)(waiting, key=lambda path: seconds.get(path, 0.0))


class RunningOrder(LoadFileScheduling):  # type: ignore[misc]  # its types are not published
    """Hands out whole files: the shortest to the first worker, the longest to all others."""

    def __init__(self, config: pytest.Config, log: Any) -> None:
        """Read how long files took; `log` is what the runner tells its debugging lines."""
        super().__init__(config, log)
        self._seconds: dict[str, float] = json.loads(SECONDS.read_text())

    def _assign_work_unit(self, node: "WorkerController") -> None:
        workers = self.nodes
        shortest = len(workers) > 1 and node is workers[0]
        chosen = next_one(self.workqueue, self._seconds, shortest=shortest)
        self.workqueue.move_to_end(chosen, last=False)
        super()._assign_work_unit(node)


class SecondsOfFiles:
    """Adds up how long the tests of each file take, and writes the long ones down at the end."""

    def __init__(self, path: Path = SECONDS) -> None:
        """Take the file to write."""
        self._path = path
        self._taken_s: dict[str, float] = collections.defaultdict(float)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count the setting up, the call and the taking down of a test."""
        self._taken_s[report.nodeid.split("::", 1)[0]] += report.duration

    def pytest_sessionfinish(self) -> None:
        """Write files that ran anew and leave the others as they are."""
        before = json.loads(self._path.read_text()) if self._path.exists() else {}
        known = {path: taken for path, taken in before.items() if path not in self._taken_s}
        ran = {path: round(s, 1) for path, s in self._taken_s.items() if s >= LISTED_S}
        text = json.dumps(dict(sorted((known | ran).items())), indent=1)
        unfinished = self._path.with_suffix(".new")
        unfinished.write_text(f"{text}\n")
        unfinished.replace(self._path)
