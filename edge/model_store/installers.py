"""How a network comes into the detectors of cameras: in this process, or in the inference workers."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeVar

import msgspec

from edge.camera_config import OnnxConfig
from edge.model_store.swapping_detector import SwappingDetector
from edge.perception_build import build_detector
from edge.vision.ports import RegionDetector
from edge.workers.build import model_order
from edge.workers.inference_pool import InferencePool
from edge.workers.pooled_detector import PooledDetector
from runtime.bundles.manifest import Manifest

__all__ = ["Installer", "LocalInstaller", "PoolInstaller", "Seat", "Submit", "bundled"]

T = TypeVar("T")


class Submit(Protocol):
    """Has something done, on another thread or at once."""

    def __call__(self, work: Callable[[], T], /) -> Future[T]:
        """Return what will come of it."""
        ...


@dataclass(slots=True)
class Seat:
    """A camera's place for a network.

    Attributes:
        camera: the camera's id.
        own: its detector as the box's file has it.
        present: the detector's configuration that it runs now.
        detector: what looks.
        before: the configuration before, while it is kept.
        further: which of the camera's further networks it is for; empty for the first.
    """

    camera: str
    own: OnnxConfig
    present: OnnxConfig
    detector: SwappingDetector
    before: OnnxConfig | None = field(default=None)
    further: str = ""


def bundled(own: OnnxConfig, network: Path, manifest: Manifest) -> OnnxConfig:
    """Return a camera's detector with a bundled network in it; what the camera decides, it keeps."""
    return msgspec.structs.replace(
        own,
        model=str(network),
        layout=manifest.layout,
        names=manifest.labels,
        low_confidence=manifest.thresholds.low_confidence,
        nms_iou=manifest.thresholds.nms_iou,
    )


class Installer(Protocol):
    """Loads networks beside those that run.

    Adapters: :class:`LocalInstaller` and :class:`PoolInstaller`.
    """

    def begin(self, configs: Sequence[OnnxConfig]) -> None:
        """Begin to load one detector for each of these configurations."""
        ...

    def poll(self) -> list[RegionDetector] | None:
        """Return the detectors once they are loaded and warmed up; None until then.

        Raises:
            ModelError: one cannot be loaded.
        """
        ...

    def release(self, config: OnnxConfig) -> None:
        """Let go of the network of a configuration that nobody runs any more."""
        ...


class LocalInstaller:
    """Loads networks in this process, on the thread of the background jobs.

    Args:
        folder: what relative paths in the configuration start from.
        submit: has something done in the background.
    """

    def __init__(self, folder: Path, submit: Submit) -> None:
        self._folder = folder
        self._submit = submit
        self._loading: Future[list[RegionDetector]] | None = None

    def begin(self, configs: Sequence[OnnxConfig]) -> None:
        """Begin to load one detector for each of these configurations."""
        self._loading = self._submit(lambda: [self._load(config) for config in configs])

    def poll(self) -> list[RegionDetector] | None:
        """Return the detectors once they are loaded and warmed up; None until then.

        Raises:
            ModelError: one cannot be loaded.
        """
        assert self._loading is not None, "begin() comes first"
        return self._loading.result() if self._loading.done() else None

    def release(self, config: OnnxConfig) -> None:
        """Do nothing: a network goes with the last detector that has it."""

    def _load(self, config: OnnxConfig) -> RegionDetector:
        detector = build_detector(config, self._folder)
        assert isinstance(detector, RegionDetector)
        return detector


class PoolInstaller:
    """Loads networks in fresh inference workers; for the agent's thread.

    Args:
        folder: what relative paths in the configuration start from.
        pool: the workers.
    """

    def __init__(self, folder: Path, pool: InferencePool) -> None:
        self._folder = folder
        self._pool = pool
        self._configs: tuple[OnnxConfig, ...] = ()

    def begin(self, configs: Sequence[OnnxConfig]) -> None:
        """Begin to load one detector for each of these configurations."""
        self._configs = tuple(configs)
        for config in self._configs:
            self._pool.offer(model_order(config, self._folder))

    def poll(self) -> list[RegionDetector] | None:
        """Return the detectors once fresh workers have loaded them; None until then.

        Raises:
            ModelError: one cannot be loaded.
        """
        orders = [model_order(config, self._folder) for config in self._configs]
        if any(self._pool.loads(order) for order in orders):
            return None
        return [
            PooledDetector(self._pool, order, nms_iou=config.nms_iou)
            for order, config in zip(orders, self._configs, strict=True)
        ]

    def release(self, config: OnnxConfig) -> None:
        """Have the workers let go of the network of a configuration."""
        self._pool.withdraw(model_order(config, self._folder))
