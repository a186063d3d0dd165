"""Builds what a box needs of worker processes, from its configuration."""

from collections.abc import Sequence
from pathlib import Path
from random import Random

from edge.camera_config import CameraConfig, OnnxConfig
from edge.evidence.config import ClipConfig
from edge.source_config import Pace, SourceConfig
from edge.vision_config import VisionConfig
from edge.workers.inference_pool import InferencePool
from edge.workers.nursery import Nursery
from edge.workers.orders import DecoderOrder, ModelOrder

__all__ = ["build_pool", "decoder_order", "model_order"]


def model_order(config: OnnxConfig, folder: Path) -> ModelOrder:
    """Return the order for a camera's network; cameras with the same one share it.

    Args:
        config: the network.
        folder: what relative paths in the configuration start from.
    """
    return ModelOrder(
        path=folder / config.model,
        layout=config.layout,
        names=config.names or None,
        confidence=config.low_confidence,
        threads=config.threads,
        runtime=config.runtime.value,
    )


def build_pool(
    cameras: Sequence[CameraConfig],
    config: VisionConfig,
    folder: Path,
    nursery: Nursery,
    rng: Random,
) -> InferencePool | None:
    """Return started inference workers; None where none are wanted or no camera needs them.

    Raises:
        ModelError: no worker came up. A network that cannot be loaded is its cameras' trouble.
    """
    networks = [
        config
        for camera in cameras
        for config in (camera.detector, *(one.detector for one in camera.further_models))
        if isinstance(config, OnnxConfig)
    ]
    orders = [model_order(config, folder) for config in networks]
    if config.workers == 0 or not orders:
        return None
    pool = InferencePool(
        list(dict.fromkeys(orders)), config.workers, nursery, rng, deadline_s=config.answer_s
    )
    pool.start()
    return pool


def decoder_order(
    camera: str,
    source: SourceConfig,
    address: str | Path,
    rng: Random,
    clip: ClipConfig | None = None,
) -> DecoderOrder:
    """Return what a camera's decoder is to read.

    Args:
        camera: the camera's id.
        source: how.
        address: where, with its credentials.
        rng: seeds the jitter between attempts.
        clip: how much of the coded stream is kept for clips; None keeps none.
    """
    live = source.file is None
    return DecoderOrder(
        camera=camera,
        address=address,
        live=live,
        fast=not live and source.pace is Pace.FAST,
        loop=source.loop,
        transport=source.transport.value,
        timeout_s=source.timeout_s,
        seed=rng.getrandbits(64),
        clip_span_s=0.0 if clip is None else clip.span_s,
        clip_bytes=0 if clip is None else clip.budget_bytes,
    )
