"""Configuration of where a camera's frames come from."""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

__all__ = ["FfmpegConfig", "Pace", "PixelFormat", "SourceConfig", "Transport"]

Positive = Annotated[float, Meta(gt=0.0)]
Side = Annotated[int, Meta(ge=1, le=16_384)]


class Pace(StrEnum):
    """How fast a recorded source is read."""

    REALTIME = "realtime"
    """One second of video a second of the box's clock; late frames are dropped and counted."""
    FAST = "fast"
    """As fast as the box can, no frame dropped."""


class Transport(StrEnum):
    """How an RTSP camera sends."""

    TCP = "tcp"
    """Within the connection: nothing is lost that the network can carry."""
    UDP = "udp"
    """Beside it: some cameras know nothing else; lost packets are corrupt pictures."""


class PixelFormat(StrEnum):
    """How a USB camera writes its pictures down."""

    AUTO = "auto"
    """Whatever comes closest to the rate that is asked for, or to 30 frames/s; uncompressed before mjpeg."""
    MJPEG = "mjpeg"
    """JPEG after JPEG: the only way that most cameras give large pictures at their full rate."""
    YUYV422 = "yuyv422"
    """Uncompressed, two bytes a pixel (YUY2)."""
    UYVY422 = "uyvy422"
    """The same in another order."""
    NV12 = "nv12"
    """Uncompressed, one and a half bytes a pixel, two planes."""
    YUV420P = "yuv420p"
    """The same in three planes."""


class FfmpegConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Decoding by the machine's own ffmpeg program, for decoders that the library lacks (VAAPI)."""

    program: str = "ffmpeg"
    """The program. Default: ffmpeg."""
    before: tuple[str, ...] = ()
    """Options before ``-i``, such as -hwaccel vaapi. Default: none."""
    after: tuple[str, ...] = ()
    """Options after it, such as -vf with a scaler of the graphics unit. Default: none."""


class SourceConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where frames come from: exactly one of ``file``, ``rtsp``, ``folder`` and ``device``."""

    file: str | None = None
    """Path of a video file, relative to the configuration file. Default: none."""
    rtsp: str | None = None
    """``rtsp://`` address without credentials. Default: none."""
    folder: str | None = None
    """Folder of pictures (jpg, png, bmp), relative to the configuration file, played in the order of
    their names. Default: none."""
    device: str | None = None
    """Video device of a USB camera, such as /dev/video0 or a name below /dev/v4l/by-id, which stays the
    same whatever is plugged in first. Default: none."""
    device_size: tuple[Side, Side] | None = None
    """Width and height (pixels) that a USB camera is asked for. Default: what it stands at."""
    device_fps: Positive | None = None
    """Frames a second that a USB camera is asked for. Default: its highest rate up to 30."""
    device_format: PixelFormat = PixelFormat.AUTO
    """auto, mjpeg, yuyv422, uyvy422, nv12 or yuv420p: what a USB camera is asked for. Default: auto."""
    transport: Transport = Transport.TCP
    """tcp or udp, for RTSP. Default: tcp."""
    ffmpeg: FfmpegConfig | None = None
    """Decode ``file`` or ``rtsp`` by an ffmpeg program of the machine's own. Default: no."""
    every_s: Positive = 1.0
    """Seconds of video from one picture of a folder to the next. Default: 1 s."""
    follow: bool = False
    """Wait for pictures that are still to come, as a camera uploads them; each has its file's time.
    Default: false."""
    username: str | None = None
    """User at the camera. Default: none."""
    password_env: str | None = None
    """Environment variable that holds the password. Default: none."""
    password_file: str | None = None
    """File that holds the password, relative to the configuration file. Default: none."""
    pace: Pace = Pace.REALTIME
    """``realtime`` or ``fast`` (files only). Default: realtime."""
    loop: bool = False
    """Start a file again at its end. Default: false."""
    timeout_s: Positive = 5.0
    """Seconds without an answer after which a source counts as faulty. Default: 5 s."""
