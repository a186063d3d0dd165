"""A box on a disk that is really small: it gives up pictures and tracks, and loses nothing else."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.observation import Observation, Phase
from contracts.readings import Readings
from contracts.tracks import Tracks
from tests.integration.edge_agent.in_process import CONFIG, InProcess, box_config

SIZE = 24_000_000
KEEP = 8_000_000


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """Yield a folder on a file system of its own; skip where none can be mounted."""
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("mounting a small file system needs root")
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "none", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30.0, check=False)
    if done.returncode:
        pytest.skip(f"mounting is not allowed here: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True, timeout=30.0)


def test_the_least_goes_before_the_disk_is_full(small: Path) -> None:
    """Something else fills the disk: pictures and tracks stop, what was observed all arrives."""
    config = box_config(CONFIG + f"guards: {{disk_free_bytes: {KEEP}}}\n")
    box = InProcess(small, config=config)
    box.agent.start()
    box.run(1.0)
    before = len(box.gateway.of(Tracks))
    ballast = small / "ballast"
    free = shutil.disk_usage(small).free
    ballast.write_bytes(bytes(free - KEEP // 3))
    box.run(13.0)
    counters = box.agent.counters
    left = shutil.disk_usage(small).free
    ballast.unlink()
    box.run(10.0)
    kinds = {said.kind.value for said in box.gateway.of(Observation)}
    phases = {said.observation_id: said.phase for said in box.gateway.of(Observation)}

    assert counters["disk_want"] == 2
    assert counters["tracks_withheld"] > 0
    assert counters["counts_withheld"] == 0
    assert counters["letters_lost"] == counters["outbox_full"] == 0
    assert left > 0
    assert len(box.gateway.of(Tracks)) <= before + 5
    assert {"zone_presence", "zone_dwell", "line_crossing"} <= kinds
    assert set(phases.values()) == {Phase.END}
    assert len(box.gateway.of(Readings)) >= 7
    assert box.agent.counters["disk_want"] == 0
