"""How large the steps of learning are."""

import math

__all__ = ["step_size"]


def step_size(step: int, steps: int, *, largest: float, warm: int, least: float = 0.03) -> float:
    """Return the size of a step: up in a line, then down along half a cosine.

    Source: I. Loshchilov, F. Hutter, SGDR, 2017.

    Args:
        step: number of the step, from 0.
        steps: in all.
        largest: what is reached after ``warm`` steps.
        warm: steps of the way up.
        least: share of ``largest`` at the end.
    """
    if step < warm:
        return largest * (step + 1) / warm
    done = (step - warm) / max(1, steps - warm)
    return largest * (least + (1.0 - least) * 0.5 * (1.0 + math.cos(math.pi * min(1.0, done))))
