"""Packs and samples for the tests of the engine, and feeding one with the other."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rules.breach import Breach
from rules.engine import Engine
from rules.pack import RulePack, compile_pack
from rules.sample import Sample

T0 = 1_700_000_000.0
"""Where every scenario begins: seconds since 1970; times in scenarios count from here."""

WATERLOGGING: dict[str, Any] = {
    "id": "waterlogging",
    "event": {"type": "water.ponding", "dedupe": ["subject"]},
    "watch": {"profile": "water_level"},
    "key": ["subject"],
    "ladder": [
        {
            "level": "blue",
            "when": "depth_m >= 15 cm",
            "clear": "depth_m < 12 cm",
            "for": "60s",
            "clear_for": "5m",
        },
        {
            "level": "yellow",
            "when": "depth_m >= 27 cm",
            "clear": "depth_m < 23 cm",
            "for": "60s",
            "clear_for": "5m",
        },
        {
            "level": "red",
            "when": "depth_m >= 40 cm",
            "clear": "depth_m < 35 cm",
            "for": "60s",
            "clear_for": "5m",
        },
    ],
}


class PackFault(Exception):
    """What the tests' ``error`` callable makes: the path and the message."""

    def __init__(self, path: Sequence[str | int], message: str) -> None:
        self.path = tuple(path)
        self.message = message
        super().__init__(f"{self.path}: {message}")


def rule(**changes: Any) -> dict[str, Any]:
    """Return the waterlogging rule with some parts replaced; a part of None is left out."""
    merged = {**WATERLOGGING, **changes}
    return {name: value for name, value in merged.items() if value is not None}


def step(level: str, when: str | bool, **more: str) -> dict[str, Any]:
    """Return one step of a ladder as written; ``for_`` stands for ``for``."""
    return {
        "level": level,
        "when": when,
        **{name.removesuffix("_") if name == "for_" else name: text for name, text in more.items()},
    }


def pack(*rules: Mapping[str, Any]) -> RulePack:
    """Return a compiled pack of rules as written."""
    data = {"rules": [dict(one) for one in rules or (WATERLOGGING,)]}
    return compile_pack(data, "test", PackFault)


def reading(
    at: float,
    depth_m: float | None = None,
    *,
    subject: str = "pond-1",
    profile: str = "water_level",
    **fields: float | bool | str,
) -> Sample:
    """Return a reading ``at`` seconds into the scenario."""
    values = dict(fields) if depth_m is None else {"depth_m": depth_m, **fields}
    return Sample(
        stream="readings",
        profile=profile,
        subject=subject,
        at=T0 + at,
        keys={"subject": subject, "box": "box-1", "site": "site-1", "district": "north"},
        fields=values,
        message=f"box-1/0000000000000000/readings/{int(at)}",
    )


def seen(
    stream: str,
    at: float,
    keys: Mapping[str, str],
    *,
    ended: bool = False,
    **fields: float | bool | str,
) -> Sample:
    """Return a track, count or observation ``at`` seconds into the scenario."""
    return Sample(
        stream=stream,
        subject="cam-1",
        at=T0 + at,
        keys={"subject": "cam-1", "camera": "cam-1", "site": "site-1", **keys},
        fields=dict(fields),
        ended=ended,
    )


def feed(
    engine: Engine, samples: Iterable[Sample], *, lag: float = 0.0, ticks: bool = False
) -> list[Breach]:
    """Return what an engine finds in samples that arrive ``lag`` seconds after their time."""
    found: list[Breach] = []
    for sample in samples:
        now = sample.at + lag
        if ticks:
            found += engine.tick(now)
        found += engine.apply(sample, now)
    return found


def told(breaches: Iterable[Breach]) -> list[tuple[str, str, float]]:
    """Return phase, level and time into the scenario of every breach."""
    return [(b.phase.value, b.level.value, round(b.at - T0, 3)) for b in breaches]
