"""What many pictures of one thing that moves give away, where one of them is too coarse to tell.

The attack and how its yield is counted: ``benchmarks/_clip_attack.py``; how many films tell how much:
``python -m benchmarks clip_residual``. docs/evidence.md states what comes out.
"""

from collections.abc import Sequence
from typing import NamedTuple

import pytest

from benchmarks._clip_attack import (
    ACROSS,
    Film,
    Found,
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

pytestmark = pytest.mark.slow

RECOGNISED = 2 * ACROSS
"""Blocks across a face by which it can be recognised: what a clip must stay clear of."""
FILMS = ((14, 0.25, 60), (19, 0.8, 60), (14, 0.8, 30), (2, 0.37, 30))
"""Seed, blocks a picture, pictures. The first two told most (14) while clips were blurred by three quarters of a block,
the third tells most now, of 16 seeds, six speeds and both counts; the last is one of the others."""


class Attacked(NamedTuple):
    """A film and what was made of its clip, by each guess."""

    film: Film
    found: list[Found]

    def told(self, found: Sequence[Found]) -> int:
        """Return the most blocks across that one of these findings tells."""
        return max(blocks_told([likeness(self.film.things, one.things)]) for one in found)


@pytest.fixture(scope="module", params=FILMS, ids=str)
def attacked(request: pytest.FixtureRequest) -> Attacked:
    """Return a film and what was made of the clip that left the box."""
    film = film_of(*request.param)
    blocks = sent_blocks(film)
    assert len(blocks) == len(film.pictures)
    return Attacked(film, reckoned_back(blocks, film, CLIP_BLUR))


def test_a_plain_mosaic_that_moves_gives_itself_away(attacked: Attacked) -> None:
    """The attack is one: plain blocks of the same film, coded alike, are enough to recognise a face by."""
    film = attacked.film
    found = reckoned_back(plain_blocks(film), film, 0.0)

    assert attacked.told(found) >= RECOGNISED
    assert attacked.told([most_likely(found)]) >= RECOGNISED


def test_a_clip_stays_clear_of_what_a_face_takes(attacked: Attacked) -> None:
    """Not even the guess that only somebody who has the truth could choose comes near."""
    assert attacked.told(attacked.found) <= RECOGNISED - 4


def test_who_has_only_the_clip_learns_no_more_than_its_blocks(attacked: Attacked) -> None:
    """The guess that he can choose tells as many blocks across as one picture has, and perhaps a step of luck."""
    told = attacked.told([most_likely(attacked.found)])

    assert 0 < told <= ACROSS + 2


def test_things_that_were_not_there_are_not_found(attacked: Attacked) -> None:
    """The count is one of what is right: of most strangers it finds nothing at all."""
    found = most_likely(attacked.found).things
    told = sorted(blocks_told([likeness(things_of(seed), found)]) for seed in range(700, 709))

    assert told[len(told) // 2] == 0
