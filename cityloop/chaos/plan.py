"""What a chaos run does: whom it kills, when, and for how long; a function of the seed."""

from random import Random
from typing import NamedTuple

from msgspec import Struct

FAULTS = ("kills", "hub-disk-full", "api-down", "link", "clock-step", "day")
"""What a run may do to the stack.

``kills``: every part in turn. ``hub-disk-full``: no room for the hub's streams. ``api-down``: ten
minutes of the stack's clock without the API. ``link``: the box's line to the hub is slow, lossy,
silent, cut. ``clock-step``: the box's clock an hour ahead, then an hour behind. ``day``: a day of events,
compressed.
"""

__all__ = ["FAULTS", "TARGETS", "ChaosSettings", "Kill", "Plant", "draw_kills"]

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
    fault: str = "kills"
    """What is done: see ``FAULTS``."""
    hold_s: float = 10.0
    """Real seconds that a fault other than kills lasts."""
    events: int = 1_000
    """Events that are opened and ended meanwhile, where the fault is about events."""
    loss: float = 0.0
    """Share of the packets that a lossy line loses, 0..1; 0: no line is lossy. See ``packet_loss``."""
    surge: float = 1.0
    """How many times faster the middle third of them comes."""
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
