"""Configuration of how a box shares out its work on pictures among processes."""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

__all__ = ["DecoderKind", "VisionConfig"]


class DecoderKind(StrEnum):
    """Where cameras are decoded."""

    THREADS = "threads"
    """In the agent's own process: the least memory, for a few cameras."""
    PROCESSES = "processes"
    """One process for each camera, forked from one that is loaded already: a crash of a decoder
    costs one camera, and all cores decode."""


class VisionConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the work is shared out; ``cityloop edge tune`` measures what suits a box."""

    decoders: DecoderKind = DecoderKind.THREADS
    """threads or processes. With a scaled clock always threads. Default: threads."""
    workers: Annotated[int, Meta(ge=0, le=64)] = 0
    """Processes that run networks, at most one for each core; 0 runs them in the agent's own process,
    one camera after another. Default: 0."""
    answer_s: Annotated[float, Meta(gt=0.0)] = 10.0
    """Seconds without an answer after which such a process is started again. Default: 10 s."""
