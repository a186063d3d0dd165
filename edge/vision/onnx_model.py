"""An ONNX file as a session whose input, output layout and class names are known."""

import ast
import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from edge.errors import InferenceFault, ModelError
from edge.vision.coco import COCO_NAMES
from edge.vision.network_facts import NetworkFacts
from edge.vision.onnx_size import STRIDE, with_open_size
from edge.vision.output_layouts import (
    Boxes,
    Grid,
    Layout,
    class_count,
    find_layout,
    is_finite,
    read_boxes,
)

__all__ = ["OnnxModel"]

_DTYPES: dict[str, type[np.floating]] = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
}
_KNOWN = (
    "YOLOX 1 x N x (5 + classes), Ultralytics 1 x (4 + classes) x N, Ultralytics with NMS 1 x k x 6"
)


class OnnxModel:
    """A detector network, loaded, warmed up and understood.

    Attributes:
        model_id: file stem, ``-`` and the first 8 hex digits of the file's SHA-256.
        height: rows of the input.
        width: columns of the input.
        dtype: of the input.
        layout: how the first output is to be read.
        names: class names by class id.
        grid: cells of the network's three grids at this size.
        elastic: whether the input may be smaller, by any multiple of 32 rows and columns.

    Args:
        path: the ``.onnx`` file.
        layout: ``auto``, or one of the layouts to insist on it.
        names: class names; None takes them from the file, or COCO's where there are 80 classes.
        threads: of the CPU inside one inference.
        input_size: (height, width) for a network whose input size is free. Default 640 x 640.

    Raises:
        ModelError: missing, not ONNX, of an unknown layout, the names do not fit, or it answers NaN.
    """

    def __init__(
        self,
        path: Path,
        *,
        layout: str = "auto",
        names: Sequence[str] | None = None,
        threads: int = 1,
        input_size: tuple[int, int] = (640, 640),
    ) -> None:
        self.path = path
        content = _read(path)
        self.model_id = f"{path.stem}-{hashlib.sha256(content).hexdigest()[:8]}"
        self._session = _open(path, content, threads)
        inputs = self._session.get_inputs()
        self._input_name = inputs[0].name
        self.dtype = _DTYPES.get(inputs[0].type, np.float32)
        self.height, self.width = self._check_inputs(inputs, input_size)
        self.grid = Grid(self.height, self.width)
        # the warm-up run also settles shapes that the file leaves free
        blank = np.full((1, 3, self.height, self.width), 0.0, self.dtype)
        answer = self.run(blank)
        shape = answer.shape
        if not np.isfinite(answer).all():
            msg = (
                f"model {path}: it answers numbers that are not finite (NaN) to a blank picture; "
                "its weights are damaged, or it overflows at half precision: export it again"
            )
            raise ModelError(msg)
        self.layout = self._settle_layout(layout, shape)
        self.names = self._settle_names(names, shape)
        self._grids = {(self.height, self.width): self.grid}
        self.elastic = self.layout is Layout.YOLOX and self._open_size(content, threads)

    def run(self, blob: NDArray[np.floating]) -> NDArray[np.floating]:
        """Return the first output for an input (1, 3, height, width).

        Raises:
            ModelError: the runtime refuses the input.
        """
        try:
            answer = self._session.run(None, {self._input_name: blob})[0]
        except Exception as error:  # the runtime's errors share no base below Exception
            msg = f"model {self.path}: inference failed: {error}; export the model again"
            raise ModelError(msg) from error
        return np.asarray(answer)

    def boxes(self, blob: NDArray[np.floating], confidence: float) -> Boxes:
        """Return the candidates for an input, from a confidence (0..1) on, not yet suppressed.

        Args:
            blob: (1, 3, height, width); smaller where the network is elastic.
            confidence: least score, 0..1.

        Raises:
            ModelError: the runtime refuses the input.
            InferenceFault: the answer is not finite.
        """
        return self.read(self.run(blob), blob.shape[2:], confidence)

    def read(self, answer: NDArray[np.floating], size: tuple[int, ...], confidence: float) -> Boxes:
        """Return the candidates in an output, from a confidence (0..1) on, not yet suppressed.

        Args:
            answer: what :meth:`run` returned.
            size: rows and columns of the input.
            confidence: least score, 0..1.

        Raises:
            InferenceFault: the answer is not finite.
        """
        if not is_finite(answer):
            raise InferenceFault(f"model {self.path}: it answers numbers that are not finite (NaN)")
        return read_boxes(self.layout, answer, self._grid(*size), confidence)

    @property
    def facts(self) -> NetworkFacts:
        """What must be known of the network where it does not run."""
        return NetworkFacts(
            path=str(self.path),
            model_id=self.model_id,
            layout=self.layout,
            names=self.names,
            height=self.height,
            width=self.width,
            half=self.dtype is np.float16,
            elastic=self.elastic,
        )

    def _grid(self, height: int, width: int) -> Grid:
        """Return the cells for an input of this size; sizes are multiples of 32, so there are few."""
        if (height, width) not in self._grids:
            self._grids[height, width] = Grid(height, width)
        return self._grids[height, width]

    def _open_size(self, content: bytes, threads: int) -> bool:
        """Let the input be smaller where the network allows it; return whether it does.

        What is tried on a blank picture: a network that has its size built in refuses, or answers
        for another number of cells.
        """
        small = max(STRIDE, self.height // 2 // STRIDE * STRIDE), self.width // STRIDE * STRIDE
        try:
            fixed, self._session = (
                self._session,
                # what it refuses is found out on purpose, and is no error to log
                _open(self.path, with_open_size(content, self._input_name), threads, log_from=4),
            )
        except (ValueError, ModelError):
            return False
        try:
            answer = self.run(np.full((1, 3, *small), 0.0, self.dtype))
        except ModelError:
            self._session = fixed
            return False
        if answer.shape[1] != len(self._grid(*small)) or not np.isfinite(answer).all():
            self._session = fixed
            return False
        return True

    def _check_inputs(self, inputs: Sequence[object], free: tuple[int, int]) -> tuple[int, int]:
        shape = list(getattr(inputs[0], "shape", []))
        kind = getattr(inputs[0], "type", "?")
        usable = len(inputs) == 1 and len(shape) == 4 and shape[1] in {3, "3"} and kind in _DTYPES
        if not usable:
            found = ", ".join(
                f"{getattr(i, 'shape', '?')} {getattr(i, 'type', '?')}" for i in inputs
            )
            msg = (
                f"model {self.path}: its input is {found}; expected one float input "
                "1 x 3 x height x width; export a detector of a known layout: " + _KNOWN
            )
            raise ModelError(msg)
        height, width = (
            given if isinstance(given, int) else wanted
            for given, wanted in zip(shape[2:], free, strict=True)
        )
        return height, width

    def _settle_layout(self, wanted: str, shape: tuple[int, ...]) -> Layout:
        choices = ["auto", *(known.value for known in Layout)]
        if wanted not in choices:
            msg = f"model {self.path}: layout {wanted!r} is unknown; choose one of {', '.join(choices)}"
            raise ModelError(msg)
        found = find_layout(shape, self.grid)
        same_family = found is not None and found.value.startswith(wanted)
        if found is None or (wanted != "auto" and not same_family):
            task = self._metadata().get("task", "detect")
            outputs = [list(output.shape) for output in self._session.get_outputs()]
            msg = (
                f"model {self.path}: input 1 x 3 x {self.height} x {self.width} gives outputs "
                f"{outputs} (first: {list(shape)}, task {task!r}), which is not the layout "
                f"{wanted!r}; known layouts: {_KNOWN}, N = {len(self.grid)} for this input"
            )
            raise ModelError(msg)
        return found

    def _settle_names(self, names: Sequence[str] | None, shape: tuple[int, ...]) -> tuple[str, ...]:
        count = class_count(self.layout, shape)
        given = tuple(names) if names is not None else self._stored_names()
        if given is None and count in {None, len(COCO_NAMES)}:
            given = COCO_NAMES
        if given is None or (count is not None and len(given) != count):
            told = "none" if given is None else str(len(given))
            msg = (
                f"model {self.path}: it has {count} classes, but {told} names are known; "
                "give the class names in the order of training"
            )
            raise ModelError(msg)
        return given

    def _metadata(self) -> dict[str, str]:
        return dict(self._session.get_modelmeta().custom_metadata_map)

    def _stored_names(self) -> tuple[str, ...] | None:
        """Return the names that Ultralytics exports write into the file, or None."""
        try:
            stored = ast.literal_eval(self._metadata().get("names", "None"))
        except (ValueError, SyntaxError):
            return None
        if not isinstance(stored, dict) or not stored:
            return None
        return tuple(str(stored[number]) for number in sorted(stored))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        msg = f"model {path}: {error.strerror}; check the path of the model in the configuration"
        raise ModelError(msg) from error


def _open(
    path: Path, content: bytes, threads: int, *, log_from: int = 3
) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = log_from
    try:
        return onnxruntime.InferenceSession(
            content, sess_options=options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # the runtime's errors share no base below Exception
        detail = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        msg = (
            f"model {path}: {len(content)} bytes that are not a usable ONNX file ({detail}); "
            "expected a detector exported to ONNX"
        )
        raise ModelError(msg) from error
