"""The street clip with its truth as a COCO document, in a folder of its own."""

import json
from pathlib import Path

from benchmarks.edge.media import STREET, TRUTH

__all__ = ["street_folder"]


def street_folder(folder: Path, *, repeat: int = 1) -> Path:
    """Write labels.json beside links to the clip; return the folder.

    Args:
        folder: made if missing.
        repeat: how often the clip is in the set.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rows = [[float(part) for part in line.split(",")] for line in TRUTH.read_text().splitlines()]
    rows = [row for row in rows if row[6] != 0.0]
    frames = sorted({int(row[0]) for row in rows})
    video = folder / "labels.mp4"
    if not video.exists():
        video.symlink_to(STREET)
    images: list[dict[str, object]] = []
    boxes: list[dict[str, object]] = []
    for turn in range(repeat):
        base = turn * (frames[-1] + 1)
        images += [{"id": base + number, "file_name": f"{number:06}.png"} for number in frames]
        for row in rows:
            left, top, width, height = row[2:6]
            boxes.append(
                {
                    "id": len(boxes) + 1,
                    "image_id": base + int(row[0]),
                    "category_id": 1,
                    "bbox": [left, top, width, height],
                    "area": width * height,
                }
            )
    document = {
        "images": images,
        "annotations": boxes,
        "categories": [{"id": 1, "name": "person"}],
    }
    (folder / "labels.json").write_text(json.dumps(document), encoding="utf-8")
    return folder
