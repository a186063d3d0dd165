"""From a new key to a box that runs the new model, with every part a process of its own."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import httpx
import pytest
from av.video.stream import VideoStream

from cityloop.stack.documents import write_document
from cityloop.stack.loopback import wait_until
from cityloop.stack.plan import plan_stack
from cityloop.stack.stack import Stack
from runtime.yaml_document import load_document
from tests.blob_network import red_square, write_blob_network, write_golden

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

BOX, MODEL = "box-7", "red-finder"
DEADLINE_S = 90.0


def _draw(path: Path) -> None:
    """Write a clip of ten seconds in which a red square drives from left to right."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=5)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = 160, 160, "yuv420p"
        for number in range(50):
            picture = red_square(5 + 2 * number, 60)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        container.mux(stream.encode(None))


class City:
    """Hub, API and gateway as processes, and a box whose camera watches a red square."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.plan = plan_stack(folder)
        self.stack = Stack(self.plan, [])
        self.stack.prepare(gateway={"identity": {"poll_s": 0.3, "report_s": 0.3}})
        self.stack.start()
        key = self.plan.secret("admin.key").read_text("utf-8").strip()
        headers = {"Authorization": f"Bearer {key}"}
        self.api = httpx.Client(base_url=self.plan.api_url, headers=headers, timeout=10.0)

    def run(self, *words: object) -> str:
        """Run a command of ours and return what it prints."""
        done = subprocess.run(
            [sys.executable, "-m", "cityloop", *map(str, words)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def as_admin(self, *words: object) -> str:
        """Run a command as the administrator."""
        key = self.plan.secret("admin.key")
        return self.run(*words, "--api", self.plan.api_url, "--key-file", key)

    def enrol(self) -> Path:
        """Enrol the box by command, give it a camera, and start it; return its folder."""
        where = ("--district", self.plan.district, "--site", self.plan.site)
        token = self.as_admin("fleet", "token", "create", "--box", BOX, *where)
        config = self.folder / BOX / "edge.yaml"
        config.parent.mkdir()
        hub = f"127.0.0.1:{self.plan.ports.mqtt}"
        options = ("--token", token, "--api", self.plan.api_url, "--hub", hub)
        self.run("edge", "enrol", "--config", config, *options)
        document: dict[str, Any] = load_document(config).data
        document["status_every_s"] = 0.5
        document["model_store"] = {"probation_s": 1.0, "probation_frames": 3}
        _draw(config.parent / "street.mp4")
        document["cameras"] = [
            {
                "id": "c-1",
                "source": {"file": "street.mp4", "loop": True},
                "detector": {"kind": "onnx", "model": "own.onnx", "bundle": MODEL},
                "gate": {"enabled": False, "heartbeat_s": 0.1, "scan_s": 0.1},
                "integrity": {"enabled": False},
            }
        ]
        write_blob_network(config.parent / "own.onnx")
        write_document(config, document)
        self.stack.add("edge", [sys.executable, "-m", "edge", "run", "--config", str(config)])
        return config.parent

    def progress(self) -> dict[str, Any]:
        """Return what the registry shows of the box."""
        items = json.loads(self.as_admin("models", "status", MODEL, "--json"))["items"]
        return dict(items[0]) if items else {}

    def close(self) -> None:
        """End every process."""
        self.api.close()
        self.stack.stop()


@pytest.fixture
def city(tmp_path: Path) -> Iterator[City]:
    """Yield a running city with an administrator's key."""
    running = City(tmp_path)
    try:
        yield running
    finally:
        running.close()


def test_from_key_to_box(city: City) -> None:
    """keygen, trust, pack, publish, promote, roll out: the box swaps and says so."""
    box = city.enrol()
    key, bundle = city.folder / "sign.key", city.folder / "red.clmodel"
    city.run("models", "keygen", "--out", key)
    city.run("models", "trust", f"{key}.pub", "--book", box / "model-keys.json")
    network = write_blob_network(city.folder / "new.onnx", score=0.8)
    golden = write_golden(city.folder / "golden.png")
    facts = ("--id", MODEL, "--version", "1.4.0", "--counter", 1, "--licence", "Apache-2.0")
    city.run("models", "pack", network, *facts, "--golden", golden, "--key", key, "--out", bundle)
    city.as_admin("models", "publish", bundle)
    city.as_admin("models", "promote", MODEL, "1.4.0")
    city.as_admin("models", "rollout", MODEL, "1.4.0", "--box", BOX, "--reason", "test")

    assert wait_until(lambda: city.progress().get("says") == "applied", DEADLINE_S), city.progress()

    def told() -> dict[str, str]:
        report = city.api.get(f"/v1/fleet/boxes/{BOX}").json()["report"]
        return dict(report["versions"])

    assert wait_until(lambda: "bundle.red-finder" in told(), DEADLINE_S), told()
    assert told()[f"bundle.{MODEL}"] == "1.4.0"
    assert told()["model.c-1"].startswith(f"{MODEL}-1.4.0-")
    shown = city.progress()
    assert (shown["wished"], shown["runs"]) == ("1.4.0", "1.4.0")
    assert shown["counters"]["models_swapped"] == 1
