"""A stretch of a camera's own stream, and who can give one."""

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from io import BytesIO
from typing import Protocol

import av
from av.packet import Packet
from av.video.stream import VideoStream

__all__ = ["CLIP_MEDIA_TYPE", "Clip", "ClipSource", "CodedPacket", "write_clip"]

CLIP_MEDIA_TYPE = "video/mp4"

_MUXER_OPTIONS = {"fflags": "+bitexact"}
"""The same packets give the same bytes, and no version of a library is written into them."""


@dataclass(frozen=True, slots=True)
class CodedPacket:
    """One picture as the camera coded it; times are in ticks of ``tick_s`` seconds."""

    data: bytes
    pts: int
    dts: int
    tick_s: Fraction
    key: bool

    @property
    def shown_s(self) -> float:
        """Presentation time in seconds on the stream's own clock."""
        return float(self.pts * self.tick_s)

    @property
    def decoded_s(self) -> float:
        """Decoding time in seconds on the stream's own clock."""
        return float(self.dts * self.tick_s)


@dataclass(frozen=True, slots=True)
class Clip:
    """An MP4 file, as the camera coded it: nothing in it is redacted.

    Attributes:
        data: the file.
        starts_at: moment of its first picture.
        ends_at: moment of its last one.
    """

    data: bytes
    starts_at: datetime
    ends_at: datetime


class ClipSource(Protocol):
    """Gives stretches of a camera's stream from a moment ago.

    Adapters: :class:`edge.cameras.packet_ring.RingClips` (cameras decoded in this process) and
    :class:`edge.workers.process_feed.ProcessFeed` (in one of their own).
    """

    def cut(self, start: datetime, end: datetime) -> "Future[Clip | None]":
        """Return what will come of cutting a clip; None where there is nothing of that time."""
        ...


def write_clip(template: VideoStream, packets: Sequence[CodedPacket]) -> bytes:
    """Return coded pictures as an MP4 file, without decoding or coding any.

    Args:
        template: a stream of the same codec parameters.
        packets: at least one, in decoding order, the first of which can be decoded by itself.

    Raises:
        av.error.FFmpegError: the codec cannot stand in an MP4 file.
        ValueError: the same.
    """
    file = BytesIO()
    with av.open(file, "w", format="mp4", options=_MUXER_OPTIONS) as container:
        stream = container.add_stream_from_template(template)
        first = packets[0].dts
        for coded in packets:
            packet = Packet(coded.data)
            packet.pts, packet.dts = coded.pts - first, coded.dts - first
            packet.time_base = coded.tick_s
            packet.is_keyframe = coded.key
            packet.stream = stream
            container.mux_one(packet)
    return file.getvalue()
