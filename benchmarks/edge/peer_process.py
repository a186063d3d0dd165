"""A peer in its own Python: asked for a number of frames, it answers with seconds."""

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

__all__ = ["PeerProcess", "peer_process"]


class PeerProcess:
    """The peer's process: a line with a number in, a line with one JSON object out."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def run(self, frames: int) -> tuple[float, float]:
        """Return the seconds of the clock and of the processor for so many frames.

        Raises:
            ClickException: the peer ended.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{frames}\n")
        self._process.stdin.flush()
        for line in self._process.stdout:
            # libraries of a peer may print as well
            if line.startswith('{"s"'):
                answer = json.loads(line)
                return float(answer["s"]), float(answer["cpu_s"])
        msg = "the peer ended without an answer: run its script by hand to see why"
        raise click.ClickException(msg)


@contextmanager
def peer_process(
    command: Sequence[str],
    *,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> Iterator[PeerProcess]:
    """Start a peer and end it by closing its input.

    Args:
        command: the peer's Python, its script and arguments.
        environment: of the process. Default: this one's.
        folder: where it runs. Default: here.
    """
    with subprocess.Popen(
        list(command),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=None if environment is None else dict(environment),
        cwd=folder,
    ) as process:
        yield PeerProcess(process)
        assert process.stdin is not None
        process.stdin.close()
        process.wait(timeout=30)
