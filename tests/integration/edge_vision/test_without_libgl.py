"""A box has no graphics: nothing here may need libGL."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

_IMPORT_ALL = """
import pkgutil, importlib, edge.cameras, edge.vision
for package in (edge.cameras, edge.vision):
    for module in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
        importlib.import_module(module.name)
import ctypes
try:
    ctypes.CDLL("libGL.so.1")
except OSError:
    print("no libGL here, all imported")
"""


def test_everything_imports_where_libgl_cannot_be_loaded(tmp_path: Path) -> None:
    """With a libGL that fails to load in front of any real one, every module still imports."""
    for name in ("libGL.so.1", "libGLX.so.0", "libEGL.so.1"):
        (tmp_path / name).write_text("no library\n")
    done = subprocess.run(
        [sys.executable, "-c", _IMPORT_ALL],
        env={**os.environ, "LD_LIBRARY_PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (done.returncode, done.stdout) == (0, "no libGL here, all imported\n"), done.stderr


@pytest.mark.parametrize("package", ["cv2", "av", "onnxruntime"])
def test_no_extension_is_linked_against_libgl(package: str) -> None:
    """The compiled modules that we depend on do not name libGL among their libraries."""
    found = importlib.util.find_spec(package)
    assert found is not None
    assert found.origin is not None
    extensions = sorted(Path(found.origin).parent.rglob("*.so"))
    linked = subprocess.run(
        ["ldd", *map(str, extensions)], capture_output=True, text=True, timeout=60, check=False
    ).stdout

    assert extensions
    assert "libc.so" in linked
    assert "libGL" not in linked
