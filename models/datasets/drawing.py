"""Pictures that the simulator draws, as a data set.

The simulator runs as a process of its own, as anybody would call it: this package knows its files, not its
code.
"""

import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from models.datasets.coco_format import read_coco
from models.datasets.errors import ImportRefused
from models.datasets.picture import Picture
from models.datasets.store import DatasetStore

__all__ = ["draw_pictures"]

_WAIT_S = 5.0


def draw_pictures(
    store: DatasetStore,
    *,
    count: int,
    seed: int,
    size: tuple[int, int],
    per_scene: int,
    emphasis: Sequence[str] = (),
    progress: Callable[[str, int, int], None] | None = None,
) -> tuple[list[Picture], tuple[str, ...]]:
    """Draw streets of all sorts into a store; return the pictures and the classes.

    Equal arguments give equal pictures with equal libraries; others may compress JPEG differently.

    Args:
        store: where the pictures go.
        count: how many.
        seed: 0 or more.
        size: columns and rows.
        per_scene: pictures of each street, which has one camera, light and weather.
        emphasis: of what there shall be more, as ``sim shots --emphasis`` names it.
        progress: called with (what is done, pictures done, pictures in all).

    Raises:
        ImportRefused: the simulator failed; its words are in the message.
    """
    with tempfile.TemporaryDirectory(prefix="cityloop-draw-") as name:
        folder = Path(name)
        command = [
            sys.executable, "-m", "simulators", "shots", str(folder), "--count", str(count),
            "--seed", str(seed), "--size", str(size[0]), str(size[1]), "--per-scene", str(per_scene),
            *(word for one in emphasis for word in ("--emphasis", one)),
        ]  # fmt: skip
        with (folder / "words").open("w+", encoding="utf-8") as words:
            drawing = subprocess.Popen(command, stdout=words, stderr=subprocess.STDOUT)
            try:
                _watch(drawing, folder / "images", count, progress)
            finally:
                drawing.kill()
                drawing.wait()
            words.seek(0)
            said = words.read().strip()
        if drawing.returncode != 0 or not (folder / "labels.json").exists():
            raise ImportRefused(
                f"the simulator drew no pictures (exit code {drawing.returncode}): {said[-500:]}; it needs "
                "pip install 'cityloop[sim]'"
            )
        return read_coco(
            store,
            folder / "labels.json",
            folder,
            progress=None if progress is None else lambda n, of: progress("keeping", n, of),
        )


def _watch(
    drawing: "subprocess.Popen[bytes]",
    images: Path,
    count: int,
    progress: Callable[[str, int, int], None] | None,
) -> None:
    """Wait for the simulator; count its files meanwhile."""
    while True:
        try:
            drawing.wait(timeout=_WAIT_S)
        except subprocess.TimeoutExpired:
            if progress is not None and images.is_dir():
                progress("drawing", sum(1 for _ in images.iterdir()), count)
            continue
        return
