"""Photos for the reports of a generated day: own ones, passed-on ones, and some of another matter."""

from random import Random
from typing import TYPE_CHECKING, NamedTuple

from PIL import Image

from benchmarks._drawn_pictures import as_jpeg, passed_on, street
from cloud_api.evidence.picture_hash import hash_picture
from contracts.geometry import distance_m

if TYPE_CHECKING:
    from benchmarks.dedupe import Case

__all__ = ["with_photos"]

PICTURED = 0.4
"""Share of reports that bring a photo; assumed, as the next two: no city has published its own."""

STRAY = 0.02
"""Share of photos that show another matter of the class: the nearest one that somebody photographed before, which is
the worst case for whoever goes by pictures."""

_TURNS = 7_919


class _Taken(NamedTuple):
    case: "Case"
    picture: Image.Image


def with_photos(cases: list["Case"], seed: int, passed_on_share: float) -> list["Case"]:
    """Return a day's reports, some of them with a photo; everything else is as it was.

    A photo is the person's own, unlike any other; or, where the matter has one already, with the given share one of those,
    passed on: of another size, brighter or darker, coarser; or a stray.
    """
    rng = Random(seed * _TURNS)
    taken: dict[tuple[str, int], list[_Taken]] = {}
    by_kind: dict[str, list[_Taken]] = {}
    found: list[Case] = []
    for case in cases:
        if rng.random() >= PICTURED:
            found.append(case)
            continue
        mine = taken.setdefault((case.kind, case.matter), [])
        others = [each for each in by_kind.get(case.kind, ()) if each.case.matter != case.matter]
        draw = rng.random()
        if others and draw < STRAY:
            picture = _sent(rng, min(others, key=lambda each: _away_m(each.case, case)).picture)
        elif mine and draw < STRAY + passed_on_share:
            picture = _sent(rng, rng.choice(mine).picture)
        else:
            picture = street(rng)
        photo = _Taken(case, picture)
        mine.append(photo)
        by_kind.setdefault(case.kind, []).append(photo)
        made = hash_picture("image/jpeg", as_jpeg(picture, rng.randint(70, 95)))
        pictures = (int.from_bytes(made),) if made else ()
        found.append(case._replace(report=case.report._replace(pictures=pictures)))
    return found


def _sent(rng: Random, picture: Image.Image) -> Image.Image:
    return passed_on(
        picture,
        scale=rng.uniform(0.5, 1.5),
        brightness=rng.uniform(0.75, 1.25),
        quality=rng.randint(30, 95),
    )


def _away_m(one: "Case", other: "Case") -> float:
    return distance_m((one.report.lon, one.report.lat), (other.report.lon, other.report.lat))
