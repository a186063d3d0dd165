"""What happens to USB cameras inside the video machine; each scene says what it saw as one JSON line.

``python -m tests.integration.edge_cameras.usb_scenes`` needs the devices of ``vivid`` and the right to unplug them.
"""

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from tempfile import mkdtemp
from typing import Any

from msgspec import convert

from edge.bootstrap import build
from edge.camera_config import CameraConfig
from edge.cameras.device_mode import TakenMode
from edge.cameras.device_picture import PictureReader
from edge.cameras.frame import Frame
from edge.cameras.pyav_source import PyAvSource
from edge.cameras.reconnect import CameraState, ReconnectingSource
from edge.cameras.video_device import examine_device
from edge.doctor.camera_check import check_camera
from edge.errors import CameraError
from edge.lane_build import camera_address
from edge.setup_page.source_address import parse_typed
from edge.setup_page.workbench import Workbench
from runtime.memory_hub import MemoryHub
from tests.integration.edge_agent.in_process import Gateway, box_config
from tests.integration.edge_cameras.vivid import BARS, Vivid

FIRST, SECOND, TUNER, DATA = (f"/dev/video{number}" for number in range(4))
PATIENCE_S = 2.0
NOBODY = 65534

BOX = """
box: {district: d-1, site: s-1, box: b-1, place: {lon: 121.47, lat: 31.23}}
outbox: {path: outbox.db}
status_every_s: 1
vision: {decoders: processes, workers: 0}
cameras:
- id: usb-1
  source: {device: /dev/video0, device_size: [640, 480], device_fps: 5, timeout_s: 2}
  detector: {kind: background}
  offline_after_s: 2
  online_after_s: 1
- id: usb-2
  source: {device: /dev/video9}
  detector: {kind: background}
  offline_after_s: 2
"""


def camera(**source: Any) -> CameraConfig:
    """Return a camera of this source."""
    data = {"id": "usb-1", "source": source, "detector": {"kind": "background"}}
    return convert(data, CameraConfig)


@contextmanager
def opened(**source: Any) -> Iterator[PyAvSource]:
    """Open a USB camera as its configuration has it."""
    one = PyAvSource(
        "usb-1",
        camera_address(camera(**source).source, Path()),
        read_timeout_s=PATIENCE_S,
        open_timeout_s=PATIENCE_S,
    )
    try:
        one.open()
        yield one
    finally:
        one.close()


def frames_of(source: PyAvSource | ReconnectingSource, count: int) -> list[Frame]:
    """Return the next frames of a camera; fewer where none comes within a minute."""
    frames: list[Frame] = []
    deadline_s = time.monotonic() + 60.0
    while len(frames) < count and time.monotonic() < deadline_s:
        frame = source.read(1.0)
        if frame is not None:
            frames.append(frame)
    return frames


def fault_of(**source: Any) -> dict[str, str]:
    """Return why a camera cannot be opened or read."""
    try:
        with opened(**source) as one:
            frames_of(one, 1)
    except CameraError as error:
        return {"kind": type(error).__name__, "text": str(error)}
    return {"kind": "none", "text": "it gave pictures"}


def offers() -> dict[str, Any]:
    """What the device says of itself."""
    device = examine_device(FIRST)
    return {
        "name": device.name,
        "captures": device.captures,
        "listed": device.listed,
        "formats": sorted({mode.format for mode in device.modes}),
        "modes": [mode for mode in device.modes if mode.format == "yuyv422"],
    }


def pace(**source: Any) -> dict[str, Any]:
    """Size, times and counters of a few pictures."""
    with opened(device=FIRST, **source) as one:
        frames = frames_of(one, 12)
        now = datetime.now(UTC)
        return {
            "sizes": sorted({(frame.width, frame.height) for frame in frames}),
            "pts_s": [frame.pts_s for frame in frames],
            "age_s": (now - frames[-1].captured_at).total_seconds(),
            "counters": one.counters,
        }


def colours(form: str) -> dict[str, Any]:
    """The colours of the test pattern, by each way to them."""
    with opened(device=FIRST, device_size=[640, 480], device_fps=10, device_format=form) as one:
        frame = frames_of(one, 2)[-1]
    picture = frame.picture
    middles = {name: 40 + 80 * number for number, name in enumerate(BARS)}
    planar = picture.planar()  # type: ignore[attr-defined]  # what a decoder process sends
    small = frame.scaled_bgr(0, 0, 640, 480, 320, 240)
    return {
        name: {
            "bgr": frame.bgr()[20, x].tolist(),
            "crop": picture.crop_bgr(x - 8, 12, x + 8, 28)[8, 8].tolist(),
            "small": small[10, x // 2].tolist(),
            "planar": planar.bgr()[20, x].tolist(),
            "luma": [int(frame.luma[20, x]), int(planar.luma[20, x])],
        }
        for name, x in middles.items()
    }


def refusals() -> dict[str, Any]:
    """What is said where a camera lacks something, is missing, or is none."""
    told = {
        "size": fault_of(device=FIRST, device_size=[641, 481]),
        "rate": fault_of(device=FIRST, device_size=[640, 480], device_fps=77),
        "format": fault_of(device=FIRST, device_format="mjpeg"),
        "missing": fault_of(device="/dev/video9"),
        "null": fault_of(device="/dev/null"),
        "data": fault_of(device=DATA),
    }
    os.seteuid(NOBODY)
    try:
        told["forbidden"] = fault_of(device=FIRST)
    finally:
        os.seteuid(0)
    with opened(device=FIRST) as first:
        frames_of(first, 1)
        told["busy"] = fault_of(device=FIRST)
        told["beside"] = {"kind": "frames", "text": str(len(frames_of(first, 3)))}
    return told


def scaled() -> dict[str, Any]:
    """A device that lists no sizes: it is asked, and what it makes of that is looked at."""
    with opened(device=TUNER, device_size=[400, 300]) as one:
        frames = frames_of(one, 3)
    with opened(device=TUNER, device_size=[402, 300]) as one:
        frames += frames_of(one, 1)
    return {
        "listed": examine_device(TUNER).listed,
        "formats": examine_device(TUNER).formats,
        "sizes": sorted({(frame.width, frame.height) for frame in frames}),
        "size": fault_of(device=TUNER, device_size=[8, 8]),
        "rate": fault_of(device=TUNER, device_size=[400, 300], device_fps=77),
    }


def rubbish() -> dict[str, Any]:
    """Nothing that comes can be decoded: pictures without compression are read as if they were JPEG."""
    with opened(device=FIRST, device_size=[320, 180]) as one:
        before = len(frames_of(one, 2))
        one._stream._reader = PictureReader(TakenMode("mjpeg", 320, 180, 30.0), 0)  # type: ignore[union-attr]
        fault = ""
        try:
            frames_of(one, 1000)
        except CameraError as error:
            fault = str(error)
        counters = one.counters
    return {"before": before, "fault": fault, "counters": counters, "again": fault_of(device=FIRST)}


def comes_back(trouble: Callable[[], None], mend: Callable[[], None]) -> dict[str, Any]:
    """A camera that fails while it runs, and is mended after its second fault."""
    address = camera_address(camera(device=FIRST, device_size=[320, 180]).source, Path())
    plain = PyAvSource("usb-1", address, read_timeout_s=PATIENCE_S)
    source = ReconnectingSource(plain, Random(1), base_s=0.2, cap_s=1.0)
    source.open()
    try:
        before = frames_of(source, 5)
        trouble()
        faults: list[str] = []
        frame: Frame | None = None
        began_s = time.monotonic()
        mended = False
        while time.monotonic() - began_s < 60.0:
            frame = source.read(0.1)
            if source.fault is not None and str(source.fault) not in faults:
                faults.append(str(source.fault))
            if (
                source.state is CameraState.WAITING
                and source.counters["faults"] >= 2
                and not mended
            ):
                mend()
                mended = True
            if faults and frame is not None:
                break
        after = [frame] if frame is not None else []
        after += frames_of(source, 4)
        return {
            "before": [one.pts_s for one in before],
            "faults": faults,
            "after": [one.pts_s for one in after],
            "breaks": [one.discontinuity for one in after],
            "counters": source.counters,
        }
    finally:
        source.close()


def disconnected() -> dict[str, Any]:
    """The driver says that the device is gone; it is back as soon as nobody holds it."""
    return comes_back(lambda: Vivid(FIRST).set("Disconnect", 1), lambda: None)


def unplugged() -> dict[str, Any]:
    """The device is taken out of the machine, and put back."""
    return comes_back(Vivid.unplug, Vivid.plug)


def broken() -> dict[str, Any]:
    """The driver gives up."""
    return comes_back(lambda: Vivid(FIRST).set("Inject Fatal Streaming Error", 1), lambda: None)


def silent() -> dict[str, Any]:
    """No picture comes any more, nor when it is opened again."""
    one = Vivid(FIRST)
    return comes_back(
        lambda: one.set("Percentage of Dropped Buffers", 100),
        lambda: one.set("Percentage of Dropped Buffers", 0),
    )


def examined() -> dict[str, Any]:
    """What the doctor and the installer's page make of it."""
    good = camera(device=FIRST, device_size=[640, 480], device_fps=10)
    finding, seen = check_camera(good, camera_address(good.source, Path()))
    lacking = camera(device="/dev/video9")
    missing, _ = check_camera(lacking, camera_address(lacking.source, Path()))
    bench = Workbench(
        Path(mkdtemp()) / "edge.yaml",
        "usb-1",
        parse_typed(f"v4l2://{SECOND}?size=640x480"),
        {"kind": "background"},
    )
    page = bench.take_picture()
    return {
        "finding": [finding.verdict, finding.detail, finding.advice],
        "seen": seen is not None,
        "missing": [missing.verdict, missing.detail, missing.advice],
        "page": [page.verdict, page.detail],
        "section": bench.section,
        "picture": bench.picture is not None
        and [bench.picture.frame.width, bench.picture.frame.height],
    }


def whole_box() -> dict[str, Any]:
    """A box with one camera that is there and one that is not; the first is disconnected and comes back."""
    hub = MemoryHub()
    gateway = Gateway(hub)
    folder = Path(mkdtemp())
    agent = build(
        box_config(BOX), folder, connect=lambda will: hub.session("b-1", will), rng=Random(1)
    )
    agent.start()

    def until(done: Callable[[], bool]) -> bool:
        deadline_s = time.monotonic() + 90.0
        while not done() and time.monotonic() < deadline_s:
            agent.step(datetime.now(UTC))
            gateway.step()
            time.sleep(0.01)
        return done()

    def counter(name: str) -> int:
        return agent.counters.get(f"usb-1.{name}", 0)

    try:
        saw = until(lambda: counter("frames_read") >= 5)
        Vivid(FIRST).set("Disconnect", 1)
        failed = until(lambda: counter("faults") >= 1)
        read = counter("frames_read")
        again = until(lambda: counter("frames_read") >= read + 5 and counter("reconnects") >= 1)
        told = until(
            lambda: any(said.camera == "usb-2" for said in gateway.observations("camera_offline"))
        )
    finally:
        agent.close()
    return {
        "saw": saw,
        "failed": failed,
        "again": again,
        "told": told,
        "counters": {
            name: value
            for name, value in agent.counters.items()
            if name.startswith("usb-") and value
        },
    }


SCENES: dict[str, Callable[[], dict[str, Any]]] = {
    "offers": offers,
    "pace_default": pace,
    "pace_asked": lambda: pace(device_size=[640, 480], device_fps=10),
    "yuyv422": lambda: colours("yuyv422"),
    "uyvy422": lambda: colours("uyvy422"),
    "nv12": lambda: colours("nv12"),
    "yuv420p": lambda: colours("yuv420p"),
    "refusals": refusals,
    "scaled": scaled,
    "rubbish": rubbish,
    "disconnected": disconnected,
    "broken": broken,
    "silent": silent,
    "examined": examined,
    "whole_box": whole_box,
    "unplugged": unplugged,
}


def main() -> None:
    """Play every scene, the one that takes the devices away last."""
    for path in (FIRST, SECOND):
        for control, value in (("Test Pattern", 0), ("OSD Text Mode", 2)):
            Vivid(path).set(control, value)
    with Path(os.environ["REPORT"]).open("w", encoding="utf-8") as report:
        for name, play in SCENES.items():
            began_s = time.monotonic()
            saw = play()
            line = json.dumps(
                {"scene": name, "seconds": round(time.monotonic() - began_s, 1), "saw": saw}
            )
            report.write(f"{line}\n")
            report.flush()


if __name__ == "__main__":
    main()
