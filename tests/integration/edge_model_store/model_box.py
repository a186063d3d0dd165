"""A whole box in one process whose camera watches a red square with a real network."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from numpy.typing import NDArray

from contracts.codec import encode
from contracts.control import ConfigDesired, ConfigReported
from contracts.registry import desired_sha256
from contracts.status import Status
from contracts.topics import Kind
from contracts.tracks import Tracks
from edge.bootstrap import build
from edge.cameras.scripted_source import ScriptedSource
from edge.config import check_edge_config
from edge.evidence.memory_store import MemoryEvidenceStore
from edge.service import Agent
from models.bundles.packing import PackingPlan, pack_model
from runtime.bundles.trust import TrustBook, new_private_key, public_bytes_of, save_trust
from runtime.clock import ManualClock
from runtime.memory_hub import MemoryHub
from runtime.yaml_document import parse_document
from tests.blob_network import red_square, write_blob_network, write_golden
from tests.integration.edge_agent.in_process import Gateway
from tests.integration.edge_model_store.registry_server import RegistryServer

__all__ = ["MODEL", "ModelBox", "drive"]

MODEL = "red-finder"
START = datetime(2026, 7, 1, 8, 0, tzinfo=UTC)
FPS = 5.0

_DETECTORS = "  detector: {kind: onnx, model: own.onnx, bundle: red-finder, classes: [car]}"

_CONFIG = """
box: {{district: d-1, site: s-1, box: b-1, place: {{lon: 121.47, lat: 31.23}}}}
outbox: {{path: outbox.db}}
api: {{url: {url}}}
model_store: {{probation_s: 2.0, probation_frames: 5, most_bytes: 200000, retry_s: 1.0}}
cameras:
- id: c-1
  source: {{file: none.mp4}}
{detectors}
  gate: {{enabled: false, heartbeat_s: 0.05, scan_s: 0.05, regions: false, active_fps: 100}}
  integrity: {{enabled: false}}
  tracks_every_s: 0.2
  lines: [{{id: middle, from: [0.5, 1], to: [0.5, 0]}}]
"""


def drive(seconds: float, *, blue_from_s: float | None = None) -> list[NDArray[np.uint8]]:
    """Return pictures of a red square on its way from left to right; from then on also a blue one."""
    pictures = []
    for number in range(round(seconds * FPS)):
        at_s = number / FPS
        left = 5 + round(at_s * 4.0) % 110
        blue = blue_from_s is not None and at_s >= blue_from_s
        pictures.append(red_square(left, 60, blue=blue))
    return pictures


class ModelBox:
    """A box, its registry and its keys.

    Args:
        folder: of the box.
        registry: where bundles come from.
        script: pictures of the camera.
        prepare: whether the folder has to be made.
        more: further lines of the box's configuration.
        own: what is special about the camera's own network.
        detectors: the camera's lines ``detector`` and ``further_models``.
    """

    def __init__(
        self,
        folder: Path,
        registry: RegistryServer,
        script: Sequence[NDArray[np.uint8]],
        *,
        prepare: bool = False,
        more: str = "",
        own: Mapping[str, Any] | None = None,
        detectors: str = _DETECTORS,
    ) -> None:
        self.store = MemoryEvidenceStore()
        if prepare:
            folder.mkdir()
        self.folder = folder
        self.registry = registry
        self.key = new_private_key()
        self.clock = ManualClock(START)
        self.hub = MemoryHub()
        self.gateway = Gateway(self.hub)
        write_blob_network(folder / "own.onnx", **(own or {}))
        save_trust(
            folder / "model-keys.json", TrustBook().trust(public_bytes_of(self.key), "", START)
        )
        self.config = check_edge_config(
            parse_document(
                _CONFIG.format(url=registry.url, detectors=detectors) + more, "edge.yaml"
            )
        )
        self.source = ScriptedSource("c-1", list(script), epoch=START, fps=FPS)
        self._desired = 0
        self.agent = self.boot()

    def boot(self) -> Agent:
        """Return a new run of the box over the same folder."""
        agent = build(
            self.config,
            self.folder,
            connect=lambda will: self.hub.session("b-1", will),
            evidence_store=self.store,
            clock=self.clock,
            rng=Random(1),
            sources={"c-1": self.source},
            direct=True,
        )
        agent.start()
        return agent

    def pack(
        self,
        version: str,
        counter: int,
        *,
        keys: Sequence[Ed25519PrivateKey] | None = None,
        network: Mapping[str, Any] | None = None,
        plan: Mapping[str, Any] | None = None,
    ) -> bytes:
        """Return a signed bundle of a network that finds red squares."""
        path = write_blob_network(self.folder / f"{version}.onnx", **(network or {}))
        golden = write_golden(self.folder / "golden.png")
        out = self.folder / f"packed-{version}.clmodel"
        facts: dict[str, Any] = {"id": MODEL, "licence": "Apache-2.0", **(plan or {})}
        made = PackingPlan(version=version, counter=counter, network=path, golden=golden, **facts)
        pack_model(made, out, [self.key] if keys is None else keys, START)
        return out.read_bytes()

    def wish(self, version: str, content: bytes, **changes: Any) -> None:
        """Put a bundle into the registry and desire it."""
        self.registry.bundles[MODEL, version] = content
        ref = {
            "version": version,
            "sha256": hashlib.sha256(content).hexdigest(),
            "size_bytes": len(content),
        }
        self.desire({"active": ref | changes})

    def desire(self, wish: Mapping[str, Any]) -> None:
        """Send a desired configuration with a wish for the model."""
        self._desired += 1
        config = {"models": {MODEL: dict(wish)}}
        message = ConfigDesired(
            box="b-1", version=self._desired, sha256=desired_sha256(config), config=config
        )
        self.gateway.publish(Kind.CONFIG_DESIRED, encode(message))

    def run(self, seconds: float, *, step_s: float = 0.2) -> None:
        """Move the clock and step the box and the gateway."""
        for _ in range(round(seconds / step_s)):
            self.agent.step(self.clock.now())
            self.gateway.step()
            self.clock.set(self.clock.now() + timedelta(seconds=step_s))

    def cut_power(self) -> None:
        """End the run as a power cut does, nothing said and nothing written; begin another."""
        for camera in self.agent.cameras:
            camera.close()
        self.agent.uplink.close()
        self.agent.book.close()
        self.agent.outbox.close()
        self.agent = self.boot()

    @property
    def result(self) -> str:
        """What the box has reported of the model last."""
        reports = [one for one in self.gateway.of(ConfigReported) if one.sections]
        return reports[-1].sections[f"models.{MODEL}"] if reports else ""

    @property
    def results(self) -> list[str]:
        """Everything that it has reported of the model, in order."""
        return [
            one.sections[f"models.{MODEL}"]
            for one in self.gateway.of(ConfigReported)
            if f"models.{MODEL}" in one.sections
        ]

    @property
    def model_id(self) -> str:
        """The network that looks now."""
        return self.agent.cameras[0].model_id or ""

    @property
    def tracks(self) -> list[Tracks]:
        """Every message about tracks."""
        return self.gateway.of(Tracks)

    @property
    def version(self) -> str | None:
        """Version of the bundle in the last heartbeat."""
        return self.gateway.of(Status)[-1].versions.get(f"bundle.{MODEL}")

    def record(self) -> dict[str, Any]:
        """Return what the box has written down of the model."""
        found: dict[str, Any] = msgspec.json.decode(
            (self.folder / "models" / f"{MODEL}.json").read_bytes()
        )
        return found
