"""Where and in what numbers a network learns."""

from contextlib import AbstractContextManager
from typing import NamedTuple

import torch

from models.training.errors import RecipeRefused

__all__ = ["Place", "find_place"]


class Place(NamedTuple):
    """A device and the numbers that it computes in."""

    device: torch.device
    numbers: torch.dtype

    def computing(self) -> AbstractContextManager[None]:
        """Return a context in which layers compute in the place's numbers."""
        made: AbstractContextManager[None] = torch.autocast(
            self.device.type, self.numbers, enabled=self.numbers is not torch.float32
        )
        return made


def find_place(device: str, numbers: str) -> Place:
    """Return where to learn.

    Args:
        device: ``auto`` (cuda where there is one), ``cpu``, ``cuda`` or ``cuda:1``.
        numbers: ``auto``, ``fp32`` or ``bf16``; ``auto`` takes bf16 where the processor has it.

    Raises:
        RecipeRefused: there is no such device.
    """
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        place = torch.device(device)
    except RuntimeError as error:
        raise RecipeRefused(f"device {device!r}: {error}") from error
    if place.type == "cuda" and not torch.cuda.is_available():
        raise RecipeRefused(
            f"device {device}: this torch {torch.__version__} sees none; take --device cpu, or "
            "install a driver and the CUDA wheels"
        )
    half = numbers == "bf16" or (numbers == "auto" and _has_half(place))
    return Place(place, torch.bfloat16 if half else torch.float32)


def _has_half(place: torch.device) -> bool:
    if place.type == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    known = getattr(torch.cpu, "_is_avx512_bf16_supported", None)
    return bool(known is not None and known())
