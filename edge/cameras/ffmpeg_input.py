"""How an ffmpeg program is told what to open, so that no list of processes shows a camera's login."""

from collections.abc import Sequence
from dataclasses import dataclass

from edge.cameras.address import redact

__all__ = ["FfmpegInput", "ffmpeg_input"]

_PROTOCOLS = "pipe,file,crypto,rtp,rtsp,rtsps,srtp,tcp,tls,udp,http,https,httpproxy"
"""What a list that comes through a pipe may lead to; without this ffmpeg allows it local files alone."""

_READERS_OPTIONS = frozenset(
    (
        "allowed_media_types",
        "analyzeduration",
        "buffer_size",
        "ca_file",
        "cert_file",
        "fflags",
        "formatprobesize",
        "fpsprobesize",
        "initial_pause",
        "key_file",
        "localaddr",
        "localport",
        "max_delay",
        "max_port",
        "max_ts_probe",
        "min_port",
        "pkt_size",
        "probesize",
        "reorder_queue_size",
        "rtpflags",
        "rtsp_flags",
        "rtsp_transport",
        "rw_timeout",
        "stimeout",
        "tcp_nodelay",
        "timeout",
        "tls_verify",
        "use_wallclock_as_timestamps",
        "user_agent",
        "verify",
        "verifyhost",
    )
)
"""Options of what reads the stream, not of the decoder: they must stand in the list, beside the address.

Source: ``ffmpeg -h demuxer=rtsp``, ``-h protocol=tls`` and the format options of ffmpeg-formats(1).
"""


@dataclass(frozen=True, slots=True)
class FfmpegInput:
    """What stands before the output's options on the command line, and what is written into the pipe.

    Attributes:
        arguments: options and ``-i``; hold no credentials.
        told: what the program reads from its standard input; None where it reads nothing. May
            hold credentials, never logged.
    """

    arguments: tuple[str, ...]
    told: bytes | None


def ffmpeg_input(address: str, before: Sequence[str]) -> FfmpegInput:
    """Return how to tell ffmpeg an address.

    An address without a login is an argument like any other. One with a login goes through the
    program's standard input, as a list of one entry in ffmpeg's ``ffconcat`` form (ffmpeg 5.0 and
    newer), with the options of its reader beside it.

    Args:
        address: a file or a stream; may hold credentials.
        before: options for it.
    """
    # whatever stands before an "@", also what is written so oddly that no pattern finds it
    secret = redact(address) != address or ("://" in address and "@" in address)
    if not secret:
        return FfmpegInput((*before, "-i", address), None)
    kept: list[str] = []
    lines = ["ffconcat version 1.0", f"file {_quoted(address)}"]
    words = iter(before)
    for word in words:
        name = word.removeprefix("-")
        if not word.startswith("-") or name not in _READERS_OPTIONS:
            kept.append(word)
            continue
        lines.append(f"option {name} {_quoted(next(words, ''))}")
    kept += ["-protocol_whitelist", _PROTOCOLS, "-safe", "0", "-f", "concat", "-i", "pipe:0"]
    return FfmpegInput(tuple(kept), "".join(f"{line}\n" for line in lines).encode())


def _quoted(text: str) -> str:
    """Return a text as one word of the list; a line break would begin another line of it."""
    one_line = text.replace("\r", "%0D").replace("\n", "%0A")
    return "'" + one_line.replace("'", r"'\''") + "'"
