"""Edge, storm, gateway and API in ONE process over the in-memory hub, driven by one clock.

The same parts as in separate processes, wired by the same bootstraps; nothing runs by itself.
Equal input gives an equal :meth:`SingleProcess.digest`. Source: architecture §3.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from random import Random

from cloud_api import bootstrap as api_bootstrap
from cloud_api.config import ApiConfig
from cloud_api.errors import Problem, StoreUnavailable
from edge import bootstrap as edge_bootstrap
from edge.cameras.ports import CameraSource
from edge.config import EdgeConfig
from edge.evidence.ports import UploadFailed, UploadRefused
from edge.vision.ports import Detector
from gateway import bootstrap as gateway_bootstrap
from gateway.config import (
    CheckpointConfig,
    GatewayConfig,
    OffTelemetryConfig,
    RulesConfig,
    TelemetryConfig,
)
from gateway.errors import EventRefusedError, SinkUnavailableError
from gateway.sinks.memory import CallableSink
from runtime.clock import ManualClock
from runtime.journal import read_journal
from runtime.memory_hub import MemoryHub
from runtime.mqtt_session import MqttConfig
from runtime.outbox import OutboxConfig
from simulators import bootstrap as simulators_bootstrap
from simulators.config import BoxConfig, SimulatorConfig

__all__ = ["SingleProcess"]

_CHECKPOINT_S = 3600.0
"""Seconds of the moved clock between two checkpoints: nobody recovers from one, and at the gateway's own
5 s each step of a scenario would write one."""


class _ApiEvidence:
    """Puts a box's pictures straight into the API."""

    def __init__(self, api: api_bootstrap.Api) -> None:
        self._api = api

    def put(self, sha256: str, data: bytes, media_type: str) -> None:
        """Store bytes under their hash.

        Raises:
            UploadFailed: the store is not available now.
            UploadRefused: the API will never take them.
        """
        try:
            self._api.put_evidence(sha256, media_type, data)
        except StoreUnavailable as problem:
            raise UploadFailed(problem.detail) from problem
        except Problem as problem:
            raise UploadRefused(problem.detail) from problem

    def close(self) -> None:
        """Do nothing: there is no connection."""


class SingleProcess:
    """One box, one storm, one gateway, one API.

    Args:
        folder: an empty folder for every store.
        start: the first moment, aware.
        district: district of the gateway; that of the boxes.
        packs: paths of rule packs.
        edge: the box, or None; paths in it are taken from ``edge_folder``.
        edge_folder: see ``edge``.
        storm_boxes: names of the simulated boxes; none for no storm.
        sources: cameras to use in place of the configured ones, by id.
        detectors: detectors to use in place of the configured ones, by camera id.
        seed: of the storm, the boot ids and every jitter.
        merging: whether the API merges what is likely the same matter at once.
        heard: is told the events that the API has just taken in, as their bytes.
    """

    def __init__(
        self,
        folder: Path,
        *,
        start: datetime,
        district: str,
        packs: Sequence[str],
        edge: EdgeConfig | None = None,
        edge_folder: Path | None = None,
        storm_boxes: Sequence[str] = (),
        sources: Mapping[str, CameraSource] | None = None,
        detectors: Mapping[str, Detector] | None = None,
        seed: int = 1,
        merging: bool = False,
        heard: Callable[[Sequence[bytes]], None] | None = None,
    ) -> None:
        self._heard = heard
        rng = Random(seed)  # a seeded run is the purpose; no secrets are drawn
        self.clock = ManualClock(start)
        self.hub = MemoryHub()
        self._journal = folder / "gateway" / "journal"
        for part in ("gateway", "api", "boxes"):
            (folder / part).mkdir()
        self.api = api_bootstrap.build(
            ApiConfig(
                database_url=f"sqlite:///{folder / 'api' / 'cloud_api.sqlite'}",
                evidence_dir=str(folder / "api" / "evidence"),
                merge_duplicates=merging,
            ),
            self.clock,
        )
        self.gateway = gateway_bootstrap.build(
            GatewayConfig(
                state_dir=str(folder / "gateway"),
                districts=(district,),
                hub=MqttConfig(client_id="gateway"),
                rules=RulesConfig(paths=tuple(packs)),
                checkpoint=CheckpointConfig(every_s=_CHECKPOINT_S),
                telemetry=TelemetryConfig(store=OffTelemetryConfig()),
                metrics=None,
            ),
            session=self.hub.session("gateway"),
            sink=CallableSink(self._deliver),
            clock=self.clock,
            rng=rng,
        )
        self.storm = (
            simulators_bootstrap.build(
                SimulatorConfig(
                    district=district,
                    seed=seed,
                    start_at=start,
                    boxes=tuple(
                        BoxConfig(
                            box=box,
                            mqtt=MqttConfig(client_id=box),
                            outbox=OutboxConfig(path=str(folder / "boxes" / f"{box}.db")),
                        )
                        for box in storm_boxes
                    ),
                ),
                self.clock,
                sessions={box: self.hub.session(box) for box in storm_boxes},
                rng=rng,
            )
            if storm_boxes
            else None
        )
        self.edge = (
            edge_bootstrap.build(
                edge,
                edge_folder or folder,
                connect=lambda will: self.hub.session(edge.box.box, will),
                evidence_store=_ApiEvidence(self.api),
                clock=self.clock,
                rng=rng,
                sources=sources,
                detectors=detectors,
                direct=True,
            )
            if edge is not None
            else None
        )

    def _deliver(self, events: Sequence[bytes]) -> None:
        try:
            receipt = self.api.accept_events(events)
        except StoreUnavailable as problem:
            raise SinkUnavailableError(problem.detail) from problem
        if receipt.rejected:
            raise EventRefusedError(str(receipt.rejected[0]), status=422)
        if self._heard is not None:
            self._heard(events)

    def start(self) -> None:
        """Connect everything to the hub."""
        self.gateway.start()
        if self.storm is not None:
            self.storm.start()
        if self.edge is not None:
            self.edge.start()

    def step(self) -> None:
        """Let every part do what is due at the clock's moment."""
        now = self.clock.now()
        if self.storm is not None:
            self.storm.step(now)
        if self.edge is not None:
            self.edge.step(now)
        self.gateway.step(now)
        self.api.step(now)

    def run(self, seconds: float, *, step_s: float = 0.5) -> None:
        """Move the clock on by ``seconds``, stepping every ``step_s`` seconds of it."""
        for _ in range(round(seconds / step_s)):
            self.step()
            self.clock.advance(step_s)
        self.step()

    def digest(self) -> str:
        """Return the SHA-256 over the journal, record by record, and the API's projections.

        What is sealed with random keys is left out: events and cases tell of it too.
        """
        found = hashlib.sha256()
        for record in read_journal(self._journal):
            found.update(repr(tuple(record)).encode())
        found.update(self.api.digest(sealed=False).encode())
        return found.hexdigest()

    def stop_edge(self) -> None:
        """Stop the box, so that its outbox can be read; stopping twice is harmless."""
        if self.edge is not None:
            self.edge.close()
            self.edge = None

    def close(self) -> None:
        """Stop the boxes, the gateway and the API."""
        self.stop_edge()
        if self.storm is not None:
            self.storm.close(self.clock.now())
        self.gateway.close()
        self.api.close()
