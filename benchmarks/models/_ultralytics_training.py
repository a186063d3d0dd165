"""Trains YOLO11n briefly on drawn scenes and exports it; run by the Python of .venv-ultralytics.

Ultralytics is AGPL-3.0: it lives in an environment of its own, and what it trains here stays in var/.
Usage: ``python _ultralytics_training.py DATA.yaml OUT.onnx [EPOCHS]``.
"""

import importlib
import shutil
import sys
import tempfile
from pathlib import Path


def main() -> None:
    """Train from scratch, export with the boxes' side at 320, and put the file in place."""
    data, out = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
    epochs = int(sys.argv[3]) if len(sys.argv) > 3 else 22
    yolo = importlib.import_module("ultralytics").YOLO
    with tempfile.TemporaryDirectory() as folder:
        model = yolo("yolo11n.yaml")
        model.train(
            data=str(data),
            imgsz=320,
            epochs=epochs,
            batch=8,
            mosaic=0,
            workers=0,
            device="cpu",
            project=folder,
            name="run",
            plots=False,
            val=False,
            amp=False,
            seed=1,
            verbose=False,
        )
        best = Path(folder) / "run" / "weights" / "last.pt"
        written = yolo(str(best)).export(format="onnx", imgsz=320, opset=17, simplify=True)
        out.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(written, out)


if __name__ == "__main__":
    main()
