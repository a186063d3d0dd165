"""What the clips that leave a box give away of one thing that moves.

``python -m benchmarks clip_residual --json``. Films of things eight blocks wide, sixteen patterns that move by 0.1 to 1.0
blocks from one picture to the next, go through the redaction and the coder that boxes use; an attacker who knows their
way reckons them back from the first 30 and from all 60 pictures. Counted is as how many blocks across the finest detail
comes that is right rather than wrong, for the best of eleven guesses of the coder's noise, which only somebody who has
the truth could choose (``best``), and for the guess that the clip itself makes likeliest (``likeliest``). ``expected`` is
of all films of a speed together, the worst speed; ``chance`` compares what was found with things that were never before
the camera; ``plain`` is the same attack on blocks without blur, for the first two patterns. ``wide`` are things of twelve blocks,
half of the picture's height, of which there are fewer films. A face takes 16.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

import click

from benchmarks._clip_attack import (
    ACROSS,
    Likeness,
    blocks_told,
    film_of,
    likeness,
    most_likely,
    plain_blocks,
    reckoned_back,
    sent_blocks,
    things_of,
)
from edge.evidence.clip_redaction import CLIP_BLUR

__all__ = ["main"]

SEEDS, PLAIN_SEEDS = range(16), range(2)
SPEEDS = (0.1, 0.25, 0.37, 0.63, 0.8, 1.0)
COUNTS = (30, 60)
WIDE, WIDE_SEEDS, WIDE_SPEEDS = 12, range(8), (0.1, 0.25, 0.8)
STRANGER = 500
"""Added to a seed: things that were not in the film."""


def main(*, as_json: bool) -> None:
    """Run it and print how many films tell how many blocks across."""
    figures = {
        "blur_blocks": CLIP_BLUR,
        "films": len(SEEDS) * len(SPEEDS),
        **{f"pictures_{count}": _counted(count, ACROSS, SEEDS, SPEEDS) for count in COUNTS},
        "wide_films": len(WIDE_SEEDS) * len(WIDE_SPEEDS),
        **{
            f"wide_pictures_{count}": _counted(count, WIDE, WIDE_SEEDS, WIDE_SPEEDS)
            for count in COUNTS
        },
    }
    if as_json:
        click.echo(json.dumps(figures))
        return
    for name, value in figures.items():
        if not isinstance(value, dict):
            click.echo(f"{name}: {value}")
            continue
        for kind, counts in value.items():
            click.echo(f"{name} {kind}: {counts}")


def _counted(
    count: int, across: int, seeds: Sequence[int], speeds: Sequence[float]
) -> dict[str, Any]:
    """Return films by the blocks across that they tell, for so many pictures of things so many blocks wide."""
    best, likeliest, chance, plain = Counter[int](), Counter[int](), Counter[int](), Counter[int]()
    together: dict[tuple[float, int], list[Likeness]] = defaultdict(list)
    for seed in seeds:
        stranger = things_of(seed + STRANGER, across)
        for speed in speeds:
            film = film_of(seed, speed, count, across)
            found = reckoned_back(sent_blocks(film), film, CLIP_BLUR)
            alike = [likeness(film.things, one.things) for one in found]
            for guess, one in enumerate(alike):
                together[speed, guess].append(one)
            best[max(blocks_told([one]) for one in alike)] += 1
            likeliest[blocks_told([likeness(film.things, most_likely(found).things)])] += 1
            chance[max(blocks_told([likeness(stranger, one.things)]) for one in found)] += 1
            if seed in PLAIN_SEEDS:
                open_ = reckoned_back(plain_blocks(film), film, 0.0)
                plain[max(blocks_told([likeness(film.things, one.things)]) for one in open_)] += 1
    kinds = {"best": best, "likeliest": likeliest, "chance": chance, "plain": plain}
    return {
        name: {str(told): each[told] for told in sorted(each)} for name, each in kinds.items()
    } | {"expected": max(blocks_told(one) for one in together.values())}
