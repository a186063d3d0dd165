"""Looks after the signed models of a box: an attendant of the agent's loop."""

from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from random import Random
from threading import Event
from typing import TypeVar

import msgspec
import structlog

from edge.camera_config import CameraConfig, FurtherModelConfig, OnnxConfig
from edge.cameras.frame import Frame
from edge.errors import EdgeError, ModelError
from edge.model_store.config import ModelStoreConfig, ModelWish
from edge.model_store.fetcher import Fetcher
from edge.model_store.installers import Installer, LocalInstaller, PoolInstaller, Seat, bundled
from edge.model_store.needs import classes_needed
from edge.model_store.preparation import Preparation
from edge.model_store.shelf import Record, Shelf
from edge.model_store.slot import APPLIED, ModelSlot
from edge.model_store.swapping_detector import SwappingDetector, SwappingPooledDetector
from edge.shadow.runner import Disagreed
from edge.shadow.slot import ShadowSlot
from edge.vision.ports import DeferredDetector, RegionDetector
from edge.workers.inference_pool import InferencePool
from runtime.bundles.errors import BundleError
from runtime.errors import RuntimeFault

__all__ = ["ModelKeeper"]

T = TypeVar("T")

_LOG = structlog.get_logger("edge.models")

_MOST_BOOTS = 3
"""Starts of a box with a network on probation, after which it is given up: it may kill the box."""


class ModelKeeper:
    """Knows which bundle each camera runs; for the agent's thread.

    Args:
        config: how the box takes models.
        folder: what relative paths in the configuration start from.
        shelf: bundles and records on disk.
        preparation: makes bundles ready.
        fetcher: gets them; None where the box knows no API.
        stop: tells what works in the background to break off.
        threaded: False does everything within :meth:`step`.
        rng: jitter between attempts.
    """

    def __init__(
        self,
        config: ModelStoreConfig,
        folder: Path,
        shelf: Shelf,
        preparation: Preparation,
        fetcher: Fetcher | None,
        stop: Event,
        *,
        threaded: bool,
        rng: Random,
    ) -> None:
        self._config = config
        self._folder = folder
        self._shelf = shelf
        self._preparation = preparation
        self._fetcher = fetcher
        self._stop = stop
        self._threads = ThreadPoolExecutor(1, "models") if threaded else None
        self._rng = rng
        self._pool: InferencePool | None = None
        self._slots: dict[str, ModelSlot] = {}
        self._begun: dict[str, Record] = {}
        self._cameras: dict[str, CameraConfig] = {}
        self.camera: Callable[[str], CameraConfig] = lambda name: self._cameras[name]
        """Returns a camera as it runs now."""
        self.changed: Callable[[datetime], None] = lambda _now: None
        """Called when what is reported of a model has changed."""
        self.disagreed: Disagreed = lambda _frame, _further: None
        """Told of frames about which a candidate and the model that counts do not agree."""
        self._shadows: dict[str, ShadowSlot] = {}
        self._told: dict[str, str] = {}
        self._kept: set[str] | None = None

    @property
    def counters(self) -> dict[str, int]:
        """What happened so far, by name."""
        counters = dict.fromkeys(("models_swapped", "models_refused", "models_rolled_back"), 0)
        for slot in self._slots.values():
            for name, count in slot.counters.items():
                counters[name] += count
        shadows = Counter[str]()
        for shadow in self._shadows.values():
            shadows.update(shadow.counters)
        counters |= shadows
        return counters | ({} if self._fetcher is None else self._fetcher.counters)

    @property
    def versions(self) -> Mapping[str, str]:
        """Version of each model that runs from a bundle, as ``bundle.ID``; candidates as ``shadow.ID``."""
        shadows = {
            f"shadow.{name}": shadow.version
            for name, shadow in self._shadows.items()
            if shadow.version is not None
        }
        return shadows | {
            f"bundle.{name}": slot.record.active.version
            for name, slot in self._slots.items()
            if slot.record.active is not None
        }

    def work_with(self, pool: InferencePool | None) -> None:
        """Say where networks run: in these workers, or with None in this process."""
        self._pool = pool

    def effective(self, camera: CameraConfig) -> CameraConfig:
        """Return a camera with the networks of its bundles, where they run; else as it is."""
        own = camera.detector
        if isinstance(own, OnnxConfig) and own.bundle is not None:
            own = self._present(own.bundle, own)
        further = tuple(
            one
            if one.detector.bundle is None
            else msgspec.structs.replace(
                one, detector=self._present(one.detector.bundle, one.detector)
            )
            for one in camera.further_models
        )
        return msgspec.structs.replace(camera, detector=own, further_models=further)

    def seated(
        self, camera: CameraConfig, load: Callable[[OnnxConfig], RegionDetector]
    ) -> SwappingDetector | None:
        """Return a detector whose network can be exchanged; None where a camera names no bundle.

        Args:
            camera: as the box's file has it.
            load: returns the detector of a configuration.

        Raises:
            ModelError: neither the bundle's network nor the camera's own file can be loaded.
        """
        own = camera.detector
        return self._seated(camera, own, load) if isinstance(own, OnnxConfig) else None

    def seated_further(
        self,
        camera: CameraConfig,
        further: FurtherModelConfig,
        load: Callable[[OnnxConfig], RegionDetector],
    ) -> SwappingDetector | None:
        """Return the same for one of a camera's further networks.

        Raises:
            ModelError: as in :meth:`seated`.
        """
        return self._seated(camera, further.detector, load, further.id)

    def _seated(
        self,
        camera: CameraConfig,
        own: OnnxConfig,
        load: Callable[[OnnxConfig], RegionDetector],
        further: str = "",
    ) -> SwappingDetector | None:
        if own.bundle is None:
            return None
        slot, present = self._slot(own.bundle), self._present(own.bundle, own)
        try:
            detector = load(present)
        except ModelError as error:
            if present == own:
                raise
            slot.begin_with_own(str(error))
            present, detector = own, load(own)
        swapping = (
            SwappingPooledDetector(detector, slot.faulted)
            if isinstance(detector, DeferredDetector)
            else SwappingDetector(detector, slot.faulted)
        )
        self._cameras[camera.id] = camera
        slot.seats.append(Seat(camera.id, own, present, swapping, further=further))
        return swapping

    def desire(self, wishes: Mapping[str, ModelWish]) -> None:
        """Wish for these models."""
        for name, wish in wishes.items():
            self._slot(name).desire(wish)
            self._shadows[name].desire(wish.candidate)

    def result(self, model: str) -> str:
        """Return what became of a wish, for the report of the configuration."""
        slot = self._slots.get(model)
        if slot is None:
            return APPLIED
        shadow = self._shadows[model].result
        return slot.result if not shadow else f"{slot.result}; {shadow}"

    def step(self, now: datetime) -> None:
        """Go on with what is under way."""
        for slot in self._slots.values():
            slot.step(now)
        for shadow in self._shadows.values():
            shadow.step(now)
        told = {name: self.result(name) for name in self._slots}
        if told != self._told:
            self._told = told
            self._tidy()
            self.changed(now)

    def close(self) -> None:
        """Let go; a download goes on when the box starts again."""
        self._stop.set()
        for shadow in self._shadows.values():
            shadow.close()
        if self._threads is not None:
            self._threads.shutdown(wait=True, cancel_futures=True)
        if self._fetcher is not None:
            self._fetcher.close()

    def _tidy(self) -> None:
        kept: set[str] = set()
        for slot in self._slots.values():
            kept |= slot.kept
        if kept != self._kept:
            self._kept = kept
            self._shelf.tidy(kept)

    def submit(self, work: Callable[[], T], /) -> Future[T]:
        """Return what will come of work that is done in the background, or at once."""
        if self._threads is not None:
            return self._threads.submit(work)
        done: Future[T] = Future()
        try:
            done.set_result(work())
        except (EdgeError, RuntimeFault, OSError) as error:
            done.set_exception(error)
        return done

    def _slot(self, model: str) -> ModelSlot:
        if model not in self._slots:
            self._begin(model)
            installer: Installer = (
                LocalInstaller(self._folder, self.submit)
                if self._pool is None
                else PoolInstaller(self._folder, self._pool)
            )
            self._slots[model] = ModelSlot(
                model,
                self._config,
                self._shelf,
                self._preparation,
                installer,
                self.submit,
                lambda: self._needed(model),
                self._rng,
            )
            self._shadows[model] = ShadowSlot(
                model,
                self._config,
                self._folder,
                self._preparation,
                self.submit,
                self._slots[model].seats,
                lambda: self._needed(model),
                threaded=self._threads is not None,
                disagreed=self._dispute,
                rng=self._rng,
            )
        return self._slots[model]

    def _dispute(self, frame: Frame, further: str) -> None:
        self.disagreed(frame, further)

    def _needed(self, model: str) -> frozenset[str]:
        """Return the classes that the cameras of a model name."""
        found: set[str] = set()
        for seat in self._slots[model].seats:
            found |= classes_needed(self.camera(seat.camera), seat)
        return frozenset(found)

    def _present(self, model: str, own: OnnxConfig) -> OnnxConfig:
        """Return a camera's detector with the network that its model runs at the box's start."""
        record = self._begin(model)
        if record.active is None:
            return own
        prepared = self._preparation.held(record.active)
        return bundled(own, prepared.network, prepared.manifest)

    def _begin(self, model: str) -> Record:
        """Return the record of a model as the box starts, settled once: what is in it can be loaded."""
        if model not in self._begun:
            before = self._shelf.record(model)
            self._begun[model] = record = self._settled(model, before)
            try:
                if record != before:
                    self._shelf.save(model, record)
            except OSError as error:
                _LOG.error("model_record_unwritten", model=model, reason=str(error))
        return self._begun[model]

    def _settled(self, model: str, record: Record) -> Record:
        if record.active is not None and not record.confirmed:
            record = msgspec.structs.replace(record, boots=record.boots + 1)
            if record.boots > _MOST_BOOTS:
                reason = f"rolled back: the box started {record.boots} times while it was tried"
                _LOG.error("model_rolled_back", model=model, reason=reason)
                record = record.rolled_back(reason)
        while record.active is not None:
            try:
                self._preparation.held(record.active)
            except BundleError as error:
                _LOG.error("model_rolled_back", model=model, reason=str(error))
                record = record.rolled_back(f"rolled back: {error}")
            else:
                break
        return record
