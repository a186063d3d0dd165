"""How well duplicates are found: pairwise F1 on generated days, beside the rules that peers use.

``python -m benchmarks dedupe --json``. 1,500 matters a day on 2 km x 2 km, 1 to 9 reports each, positions with
12 m of noise per axis, five classes that are reported for one to three hours, short texts in Chinese or
English with landmarks and slips. A class's window and density are what the day was made with, as a city would set
them from its own records; the reported seeds are others than those on which the weights were fitted. The peers'
rules see class, place and time.

``dedupe_f1_photos`` is for the same days where four reports in ten bring a photo: three in ten of those are passed on from
somebody who reported the matter before, two in a hundred show another matter of the class, the nearest. ``own_photos`` is
where nobody passes one on.
"""

import json
import math
import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import click

from benchmarks._dedupe_photos import with_photos
from cloud_api.duplicates.scoring import DuplicateRule, Likeness, Matter, Report, likeness
from contracts.geometry import distance_m

__all__ = ["dedupe_f1", "main"]

MATTERS = 1_500
EDGE_M = 2_000.0
NOISE_M = 12.0
SEEDS = (101, 102, 103)
LON, LAT = 116.4, 39.9
M_LAT = 111_195.0
M_LON = M_LAT * math.cos(math.radians(LAT))
HOUR_US = 3_600_000_000
CELL_M = 150.0
PASSED_ON = 0.3
"""Share of photos that are passed on; assumed."""


class Kind(NamedTuple):
    """A class: for how long one such matter is reported, and the words for it."""

    name: str
    share: float
    hours: float
    words: tuple[tuple[str, str], ...]


KINDS = (
    Kind(
        "ponding",
        0.25,
        2.0,
        (
            ("路面积水", "water on the road"),
            ("积水很深", "deep water"),
            ("路被淹了", "road is flooded"),
        ),
    ),
    Kind(
        "rubbish",
        0.25,
        3.0,
        (
            ("垃圾没人清", "rubbish not collected"),
            ("一堆垃圾", "pile of rubbish"),
            ("垃圾满地", "litter"),
        ),
    ),
    Kind(
        "parking",
        0.25,
        1.0,
        (
            ("车乱停", "badly parked car"),
            ("违停占道", "car blocks the lane"),
            ("车停人行道", "parked on the path"),
        ),
    ),
    Kind(
        "noise",
        0.1,
        2.0,
        (
            ("施工太吵", "construction noise"),
            ("噪音扰民", "too loud to sleep"),
            ("工地很吵", "noisy site"),
        ),
    ),
    Kind(
        "vendor",
        0.15,
        1.5,
        (
            ("占道摆摊", "stall blocks the way"),
            ("流动摊贩", "street vendor"),
            ("摊贩占路", "vendors on the road"),
        ),
    ),
)
RULES = {
    kind.name: DuplicateRule(
        radius_m=60.0,
        window_h=kind.hours,
        per_km2_day=MATTERS * kind.share / (EDGE_M / 1000) ** 2,
    )
    for kind in KINDS
}
SIGNS = ("便利店", "小学", "公交站", "药店", "银行", "菜市场", "地铁口", "面馆", "公园", "加油站")


class Case(NamedTuple):
    """A generated report and the matter that it is really about."""

    kind: str
    report: Report
    matter: int


def day(seed: int, matters: int = MATTERS) -> list[Case]:
    """Return one generated day, in the order of arrival."""
    rng = random.Random(seed)
    found: list[Case] = []
    for number in range(matters):
        kind = rng.choices(KINDS, [kind.share for kind in KINDS])[0]
        east, north = rng.uniform(0, EDGE_M), rng.uniform(0, EDGE_M)
        onset_h = rng.uniform(0, 24)
        for _ in range(rng.randint(1, 9)):
            place = (
                LON + (east + rng.gauss(0, NOISE_M)) / M_LON,
                LAT + (north + rng.gauss(0, NOISE_M)) / M_LAT,
            )
            at_us = round((onset_h + rng.uniform(0, kind.hours)) * HOUR_US)
            text = _text(rng, kind, east, north)
            found.append(Case(kind.name, Report(*place, at_us, text), number))
    return sorted(found, key=lambda case: case.report.at_us)


def _text(rng: random.Random, kind: Kind, east: float, north: float) -> str:
    """Return what somebody writes: a phrase of the class, mostly a landmark nearby, sometimes a slip."""
    zh, en = rng.choice(kind.words)
    parts = [zh if rng.random() < 0.8 else en]
    if rng.random() < 0.7:
        column, row = int(east // 60) + rng.choice((0, 0, 0, 1)), int(north // 60)
        sign = SIGNS[(column * 7 + row * 3) % len(SIGNS)]
        parts.insert(0, f"{column * 31 + row}号{sign}")
    text = " ".join(parts)
    if rng.random() < 0.2:
        cut = rng.randrange(len(text))
        text = text[:cut] + text[cut + 1 :]
    return text


def by_likeness(cases: Iterable[Case], threshold: float = 0.0) -> list[int]:
    """Return for each report the number of the matter that it is taken for: the likeliest, or a new one."""
    matters: list[Matter] = []
    cells: dict[tuple[str, int, int], set[int]] = {}
    found: list[int] = []
    for kind, report, _ in cases:
        column, row = _cell(report)
        near = {
            index
            for x in (column - 1, column, column + 1)
            for y in (row - 1, row, row + 1)
            for index in cells.get((kind, x, y), ())
        }
        best: tuple[Likeness, int] | None = None
        for index in sorted(near):
            alike = likeness(report, matters[index], RULES[kind])
            if alike is not None and alike.odds > threshold and (best is None or alike > best[0]):
                best = (alike, index)
        if best is None:
            matters.append(Matter((report,)))
            index = len(matters) - 1
        else:
            index = best[1]
            matters[index] = Matter((*matters[index].reports, report))
        cells.setdefault((kind, column, row), set()).add(index)
        found.append(index)
    return found


def _cell(report: Report) -> tuple[int, int]:
    return int((report.lon - LON) * M_LON // CELL_M), int((report.lat - LAT) * M_LAT // CELL_M)


def by_radius(cases: Iterable[Case], radius_m: float, hours: float) -> list[int]:
    """Return what a peer's rule finds: the nearest first report of its class in radius and window."""
    firsts: list[tuple[str, Report]] = []
    found: list[int] = []
    for kind, report, _ in cases:
        near = [
            (distance_m((report.lon, report.lat), (first.lon, first.lat)), index)
            for index, (known, first) in enumerate(firsts)
            if known == kind and report.at_us - first.at_us <= hours * HOUR_US
        ]
        away, index = min(near, default=(math.inf, -1))
        if away > radius_m:
            firsts.append((kind, report))
            index = len(firsts) - 1
        found.append(index)
    return found


def by_cell(cases: Iterable[Case], edge_m: float) -> list[int]:
    """Return what an exact key on a cell finds, which is all that alert managers can do."""
    keys: dict[object, int] = {}
    return [
        keys.setdefault(
            (
                case.kind,
                int((case.report.lon - LON) * M_LON // edge_m),
                int((case.report.lat - LAT) * M_LAT // edge_m),
            ),
            len(keys),
        )
        for case in cases
    ]


def pairwise_f1(cases: list[Case], found: list[int]) -> float:
    """Return the harmonic mean of precision and recall over pairs of reports."""

    def pairs(counts: Iterable[int]) -> int:
        return sum(count * (count - 1) // 2 for count in counts)

    both = pairs(Counter(zip((case.matter for case in cases), found, strict=True)).values())
    real, said = (
        pairs(Counter(case.matter for case in cases).values()),
        pairs(Counter(found).values()),
    )
    return 2 * both / (real + said)


def _methods() -> Iterator[tuple[str, Callable[[list[Case]], list[int]]]]:
    yield "ours", by_likeness
    yield "radius_150_ft_3_h", lambda cases: by_radius(cases, 45.72, 3.0)
    yield "radius_50_m_any_time", lambda cases: by_radius(cases, 50.0, 1e9)
    yield "cell_50_m", lambda cases: by_cell(cases, 50.0)


def dedupe_f1() -> dict[str, float]:
    """Return the mean pairwise F1 of each method over the reported seeds."""
    days = [day(seed) for seed in SEEDS]
    found = {name: _mean_f1(days, method) for name, method in _methods()}
    for name, share in (("photos", PASSED_ON), ("own_photos", 0.0)):
        pictured = [
            with_photos(cases, seed, share) for cases, seed in zip(days, SEEDS, strict=True)
        ]
        found[f"ours_{name}"] = _mean_f1(pictured, by_likeness)
    return found


def _mean_f1(days: list[list[Case]], method: Callable[[list[Case]], list[int]]) -> float:
    return round(sum(pairwise_f1(cases, method(cases)) for cases in days) / len(days), 4)


def main(*, as_json: bool) -> None:
    """Print the F1 of every method."""
    figures: dict[str, object] = {"matters": MATTERS, "seeds": list(SEEDS), **dedupe_f1()}
    figures["dedupe_f1"] = figures["ours"]
    figures["dedupe_f1_photos"] = figures["ours_photos"]
    click.echo(json.dumps(figures) if as_json else json.dumps(figures, indent=2))
