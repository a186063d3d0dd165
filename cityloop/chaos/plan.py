"""What a chaos run does: whom it kills, when, and for how long; a function of the seed."""

from random import Random
from typing import NamedTuple

from msgspec import Struct

__all__ = ["TARGETS", "ChaosSettings", "Kill", "Plant", "draw_kills"]

TARGETS = ("edge", "gateway", "hub", "api")
"""Killed in turn."""

Plant = str
"""``none``, ``drop`` (take one message out of the box's outbox behind its back) or ``double`` (tell
one episode a second time under another id): the audit must see exactly that one."""


class ChaosSettings(Struct, frozen=True, kw_only=True):
    """One run."""

    kills: int
    seed: int
    rate: float
    """Messages a second that the box is to publish, in real time."""
    plant: Plant = "none"
    intake: str = "jetstream"
    """How the gateway takes messages from the hub: ``jetstream`` or ``mqtt``."""
    min_pause_s: float = 1.0
    """Least real seconds between a part's return and the next kill."""
    max_pause_s: float = 3.0
    """Most."""
    max_down_s: float = 0.5
    """Most real seconds until a killed part is started again."""


class Kill(NamedTuple):
    """One kill: ``pause_s`` after everything runs again, ``target`` dies and stays down."""

    target: str
    pause_s: float
    down_s: float


def draw_kills(settings: ChaosSettings) -> list[Kill]:
    """Return the kills of a run, the same for equal settings."""
    rng = Random(settings.seed)
    return [
        Kill(
            TARGETS[number % len(TARGETS)],
            rng.uniform(settings.min_pause_s, settings.max_pause_s),
            rng.uniform(0.0, settings.max_down_s),
        )
        for number in range(settings.kills)
    ]
