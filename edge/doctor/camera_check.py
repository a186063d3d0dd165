"""Whether a camera answers, what it sends, and what decoding it costs here."""

import time
from pathlib import Path

from msgspec import Struct

from edge.camera_config import CameraConfig
from edge.cameras.frame import Frame
from edge.cameras.pyav_source import Pace, PyAvSource
from edge.cameras.video_device import examine_device
from edge.errors import CameraEnded, CameraError
from runtime.finding import Finding, Verdict

__all__ = ["Sighting", "check_camera", "look_at"]

_LOOK_S = 2.0
"""Real seconds of video that are decoded, first frame aside."""
_MOST_FRAMES = 200
_DEAR_SHARE = 0.5
"""Share of one core that decoding one camera may take before it is worth a word."""


class Sighting(Struct, frozen=True, kw_only=True):
    """What a camera sent in a short look."""

    frame: Frame
    """The last frame that came."""
    first_s: float
    """Real seconds until the first frame."""
    frames: int
    """Frames decoded after the first."""
    video_s: float
    """Seconds of video that they span."""
    cpu_s: float
    """Processor seconds that they took, all threads."""
    corrupt: int
    """Packets that could not be decoded."""

    @property
    def fps(self) -> float:
        """Frames in a second of video; 0 where fewer than two came."""
        return self.frames / self.video_s if self.video_s > 0.0 else 0.0

    @property
    def cpu_share(self) -> float:
        """Share of one core that decoding takes, as fast as the frames come."""
        return self.cpu_s / self.frames * self.fps if self.frames else 0.0


def look_at(camera: str, address: str | Path, *, timeout_s: float) -> Sighting:
    """Return what a camera sends within two seconds.

    Raises:
        CameraFault: refused, silent, or not a stream.
        CameraSetup: the file is missing or is not a video.
        CameraEnded: a recording without a frame.
    """
    source = PyAvSource(
        camera,
        address,
        pace=Pace.FAST,
        open_timeout_s=timeout_s,
        read_timeout_s=timeout_s,
    )
    began = time.monotonic()
    try:
        source.open()
        first = source.read(timeout_s)
        while first is None:
            first = source.read(timeout_s)
        answered, cpu = time.monotonic(), time.process_time()
        last, frames = first, 0
        while time.monotonic() - answered < _LOOK_S and frames < _MOST_FRAMES:
            try:
                frame = source.read(_LOOK_S)
            except CameraEnded:
                break
            if frame is not None:
                last, frames = frame, frames + 1
        return Sighting(
            frame=last,
            first_s=answered - began,
            frames=frames,
            video_s=last.pts_s - first.pts_s,
            cpu_s=time.process_time() - cpu,
            corrupt=source.counters.get("corrupt_packets", 0),
        )
    finally:
        source.close()


def check_camera(camera: CameraConfig, address: str | Path) -> tuple[Finding, Sighting | None]:
    """Return whether a camera can be used, and what it sent; None where it did not answer.

    Args:
        camera: the camera.
        address: its file, or its address with its credentials.
    """
    name = f"camera {camera.id}"
    try:
        seen = look_at(camera.id, address, timeout_s=camera.source.timeout_s)
    except (CameraError, CameraEnded) as error:
        advice = "check the path in source, and that the file is a video"
        if camera.source.rtsp is not None:
            advice = "check power, cable, address and login; try the same address in a video player"
        elif camera.source.device is not None:
            advice = (
                "unplug the camera and plug it in again; a hub with its own power helps long cables"
            )
        return Finding(check=name, verdict=Verdict.FAIL, detail=str(error), advice=advice), None
    detail = (
        f"{seen.frame.width}x{seen.frame.height}, {seen.fps:.1f} frames/s, first frame after "
        f"{seen.first_s:.1f} s; decoding takes {seen.cpu_share:.0%} of a core "
        f"({_decodable(seen)} frames/s at most)"
    )
    if camera.source.device is not None:
        detail += _offered(camera.source.device)
    verdict, advice = Verdict.OK, ""
    if seen.corrupt:
        verdict = Verdict.WARN
        detail += f"; {seen.corrupt} packets were damaged"
        advice = "look for a bad cable or a full network; RTSP over TCP loses nothing"
    elif seen.cpu_share > _DEAR_SHARE and camera.source.rtsp is not None:
        verdict = Verdict.WARN
        advice = "use the camera's sub-stream, or a smaller picture or frame rate at the camera"
    elif seen.cpu_share > _DEAR_SHARE and camera.source.device is not None:
        verdict, advice = Verdict.WARN, "ask for a smaller device_size or device_fps"
    elif seen.frames == 0:
        verdict, advice = Verdict.WARN, "it sent one frame only; a live camera sends more"
    return Finding(check=name, verdict=verdict, detail=detail, advice=advice), seen


def _offered(path: str) -> str:
    """Return what a video device is called and which sizes it has; nothing where it does not say."""
    try:
        device = examine_device(path)
    except OSError:
        return ""
    sizes = dict.fromkeys(f"{mode.width}x{mode.height}" for mode in device.modes)
    return f"; {device.name} offers {', '.join(sizes)}" if sizes else ""


def _decodable(seen: Sighting) -> str:
    return f"{seen.frames / seen.cpu_s:.0f}" if seen.cpu_s > 0.0 and seen.frames else "?"
