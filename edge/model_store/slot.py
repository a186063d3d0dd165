"""One model of the box: what is wished, what runs, and the way from one to the other."""

from collections.abc import Callable, Collection
from concurrent.futures import Future
from datetime import datetime, timedelta
from random import Random

import msgspec
import structlog

from edge.camera_config import OnnxConfig
from edge.errors import FetchFailed, ModelError
from edge.model_store.config import BundleRef, ModelStoreConfig, ModelWish
from edge.model_store.installers import Installer, Seat, Submit, bundled
from edge.model_store.preparation import Preparation, Prepared
from edge.model_store.shelf import Held, Record, Shelf
from runtime.backoff import Backoff
from runtime.bundles.errors import BundleError, BundleUntrusted, KeyFault

__all__ = ["APPLIED", "ModelSlot"]

APPLIED = "applied"

_LOG = structlog.get_logger("edge.models")

_MOST_FAULTS = 3
"""Frames in a row on which a confirmed network may fail before the one before comes back."""


class ModelSlot:
    """Brings a wished bundle into the cameras that ask for it; for the agent's thread.

    Prepared in the background, loaded beside what runs, written down, swapped between two frames, on
    probation, confirmed. Whatever goes wrong on the way, what ran goes on.

    Args:
        model: its id.
        config: how the box takes models.
        shelf: bundles and records on disk.
        preparation: makes a bundle ready.
        installer: loads networks.
        submit: has something done in the background.
        needed: classes that the cameras name now.
        rng: jitter between attempts.
    """

    def __init__(
        self,
        model: str,
        config: ModelStoreConfig,
        shelf: Shelf,
        preparation: Preparation,
        installer: Installer,
        submit: Submit,
        needed: Callable[[], Collection[str]],
        rng: Random,
    ) -> None:
        self.model = model
        self.record = shelf.record(model)
        self.seats: list[Seat] = []
        self.wish = ModelWish()
        self.result = APPLIED
        """What became of the wish, as it is reported."""
        self.counters = dict.fromkeys(("models_swapped", "models_refused", "models_rolled_back"), 0)
        self._config = config
        self._shelf = shelf
        self._preparation = preparation
        self._installer = installer
        self._submit = submit
        self._needed = needed
        self._backoff = Backoff(1.0, config.retry_s, rng)
        self._not_before: datetime | None = None
        self._refused: dict[str, str] = {}
        self._work: Future[Prepared] | None = None
        self._ref: BundleRef | None = None
        self._loading: tuple[Prepared | None, list[OnnxConfig]] | None = None
        self._returns_because = ""
        self._fault = ""
        self._reason = ""
        self._since: datetime | None = None

    def faulted(self, reason: str) -> None:
        """Note that the network failed on a frame; acted on in the next round."""
        self._fault = reason

    def desire(self, wish: ModelWish) -> None:
        """Wish for something; a wish that is taken back changes nothing."""
        if wish.active != self.wish.active:
            self._not_before = None
            self._backoff.reset()
            self._reason = ""
        self.wish = wish
        self.result = self._result()

    def step(self, now: datetime) -> None:
        """Go on with what is under way."""
        if self._since is None:
            self._since = now
        if self._loading is not None:
            self._install(now)
        elif self._work is not None:
            self._collect(now)
        elif self._failing():
            self._go_back(now)
        elif not self.record.confirmed:
            self._watch(now)
        elif self._wants(now):
            self._begin()
        self.result = self._result()

    def _wants(self, now: datetime) -> bool:
        ref, active = self.wish.active, self.record.active
        if ref is None or not self.seats or (active is not None and active.sha256 == ref.sha256):
            return False
        if ref.sha256 in self.record.failed or ref.sha256 in self._refused:
            return False
        return self._not_before is None or now >= self._not_before

    def _begin(self) -> None:
        ref = self.wish.active
        assert ref is not None
        needed = frozenset(self._needed())
        runtimes = [(seat.own.runtime.value, seat.own.threads) for seat in self.seats]
        floor = self.record.floor
        self._ref = ref
        _LOG.info("model_wanted", model=self.model, version=ref.version)
        self._work = self._submit(
            lambda: self._preparation.prepare(
                self.model, ref, floor=floor, needed=needed, runtimes=runtimes
            )
        )

    def _collect(self, now: datetime) -> None:
        assert self._work is not None
        if not self._work.done():
            return
        work, self._work = self._work, None
        try:
            prepared = work.result()
        except (FetchFailed, OSError) as error:
            self._wait(now, str(error))
            return
        except BundleError as error:
            if self._returns_because:
                self._load_own(str(error))
            elif isinstance(error, BundleUntrusted | KeyFault):
                # the book of keys may have changed by the next attempt
                self._wait(now, str(error), refused=True)
            else:
                self._refuse(str(error))
            return
        if self._returns_because or self._ref == self.wish.active:
            self._load(prepared)

    def _load(self, prepared: Prepared | None) -> None:
        """Load a network beside the one that runs; None: each camera's own file."""
        configs = [
            seat.own if prepared is None else bundled(seat.own, prepared.network, prepared.manifest)
            for seat in self.seats
        ]
        self._loading = prepared, configs
        self._installer.begin(configs)

    def _install(self, now: datetime) -> None:
        assert self._loading is not None
        prepared, configs = self._loading
        try:
            detectors = self._installer.poll()
        except ModelError as error:
            self._loading = None
            for config in configs:
                self._release(config)
            if not self._returns_because:
                self._refuse(str(error))
            elif prepared is not None:
                self._load_own(str(error))
            else:
                _LOG.error("model_lost", model=self.model, reason=str(error))
                self._returns_because = self._fault = ""
            return
        if detectors is None:
            return
        self._loading = None
        if self._returns_because:
            record = self.record.rolled_back(self._returns_because)
        else:
            assert prepared is not None
            record = self.record.swapped_to(prepared.held)
        if not self._save(record, now):
            for config in configs:
                self._release(config)
            return
        for seat, config, detector in zip(self.seats, configs, detectors, strict=True):
            seat.before, seat.present = seat.present, config
            seat.detector.swap(detector)
        self._since, self._fault = now, ""
        if self._returns_because:
            self._returned(self._returns_because)
            return
        self.counters["models_swapped"] += 1
        self._backoff.reset()
        assert record.active is not None
        _LOG.info("model_swapped", model=self.model, version=record.active.version)

    def _failing(self) -> bool:
        """Whether the network that runs must go."""
        if self.record.active is None:
            return False
        lost = max((seat.detector.faults for seat in self.seats), default=0)
        if not self.record.confirmed and self._fault:
            return True
        if lost >= _MOST_FAULTS:
            self._fault = self._fault or f"{lost} frames in a row were lost with it"
            return True
        if lost == 0:
            self._fault = ""
        return False

    def _go_back(self, now: datetime) -> None:
        """Let what ran before look again: at once where it is loaded, else as soon as it is."""
        reason = f"rolled back: {self._fault}"
        if all(seat.before is not None for seat in self.seats):
            if self._save(self.record.rolled_back(reason), now):
                for seat in self.seats:
                    assert seat.before is not None
                    gone, seat.present, seat.before = seat.present, seat.before, None
                    seat.detector.roll_back()
                    self._release(gone)
                self._returned(reason)
            return
        self._returns_because = reason
        held = self.record.previous
        if held is None:
            self._load(None)
        else:
            self._work = self._submit(lambda: self._preparation.held(held))

    def _returned(self, reason: str) -> None:
        self._returns_because, self._fault = "", ""
        self.counters["models_rolled_back"] += 1
        active = self.record.active
        _LOG.error(
            "model_rolled_back",
            model=self.model,
            reason=reason,
            version=None if active is None else active.version,
        )
        self._settle()

    def _watch(self, now: datetime) -> None:
        """Confirm a network that has passed its probation."""
        assert self._since is not None
        looks = sum(seat.detector.looks for seat in self.seats)
        long_enough = now - self._since >= timedelta(seconds=self._config.probation_s)
        if not long_enough or looks < self._config.probation_frames:
            return
        if self._save(self.record.confirm(), now):
            self._settle()
            assert self.record.active is not None
            _LOG.info("model_confirmed", model=self.model, version=self.record.active.version)

    def _settle(self) -> None:
        """Let go of what is not needed any more, in memory and on disk."""
        for seat in self.seats:
            before, seat.before = seat.before, None
            seat.detector.settle()
            if before is not None:
                self._release(before)

    def _release(self, config: OnnxConfig) -> None:
        if all(config not in (seat.present, seat.before) for seat in self.seats):
            self._installer.release(config)

    @property
    def kept(self) -> set[str]:
        """Hashes of bundles that must stay on disk."""
        record, wish = self.record, self.wish
        held: list[Held | BundleRef | None] = [record.active, record.previous, record.candidate]
        held += [wish.active, wish.candidate]
        return {one.sha256 for one in held if one is not None}

    def _save(self, record: Record, now: datetime) -> bool:
        """Keep a record, durably, before what it says is done; return whether that worked."""
        try:
            self._shelf.save(self.model, record)
        except OSError as error:
            self._wait(now, f"its record cannot be written: {error}; free disk space")
            return False
        self.record = record
        return True

    def _wait(self, now: datetime, reason: str, *, refused: bool = False) -> None:
        delay_s = self._backoff.next_delay()
        self._not_before = now + timedelta(seconds=delay_s)
        self._reason = f"{'refused' if refused else 'waiting'}: {reason}"
        self._returns_because = ""
        if refused:
            self.counters["models_refused"] += 1
        _LOG.warning("model_waits", model=self.model, reason=reason, delay_s=round(delay_s, 1))

    def _refuse(self, reason: str) -> None:
        self.counters["models_refused"] += 1
        _LOG.error("model_refused", model=self.model, reason=reason)
        assert self._ref is not None
        self._refused[self._ref.sha256] = reason

    def _load_own(self, reason: str) -> None:
        """Load each camera's own file: neither the new network nor the one before can run."""
        _LOG.error("model_refused", model=self.model, reason=reason)
        self.record = msgspec.structs.replace(self.record, previous=None)
        self._load(None)

    def begin_with_own(self, reason: str) -> None:
        """Note that the box could not start with the network of the record."""
        if self.record.active is None:
            return
        _LOG.error("model_rolled_back", model=self.model, reason=reason, version=None)
        failed = self.record.fail(self.record.active.sha256, f"rolled back: {reason}")
        self.record = msgspec.structs.replace(failed, active=None, previous=None, confirmed=True)
        self.counters["models_rolled_back"] += 1

    def _result(self) -> str:
        ref, active = self.wish.active, self.record.active
        if ref is None:
            return APPLIED
        if active is not None and active.sha256 == ref.sha256:
            return APPLIED if self.record.confirmed else "on probation"
        reason = self.record.failed.get(ref.sha256) or self._refused.get(ref.sha256)
        if reason:
            return f"refused: {reason}"
        if not self.seats:
            return f"refused: no camera has detector.bundle {self.model}"
        if self._loading is not None:
            return "loading"
        return self._reason or "fetching and testing"
