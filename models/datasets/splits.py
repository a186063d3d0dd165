"""Parts to learn from, to choose by and to judge by, so that no scene is in two of them.

What belongs together stays together: pictures of one camera (``by camera``: the honest question is how
a detector does at a camera that it never saw), or pictures of one stretch of time (``by time``, where
there are few cameras), with a gap left out between stretches. Equal files stay together in both.
"""

from collections.abc import Hashable, Mapping, Sequence
from typing import Literal

import numpy as np
from msgspec.structs import replace

from models.datasets.errors import SplitImpossible
from models.datasets.picture import Picture

__all__ = ["SPLITS", "split_by_camera", "split_by_time"]

SPLITS = ("train", "val", "test")
"""To learn from, to choose by, to judge by."""

Split = Literal["train", "val", "test"]


def split_by_camera(
    pictures: Sequence[Picture], shares: Mapping[str, float], rng: np.random.Generator
) -> list[Picture]:
    """Return pictures with their part; a camera is wholly in one.

    Args:
        pictures: of all cameras; parts that they had are forgotten.
        shares: of ``train``, ``val`` and ``test``, their sum is 1; parts of share 0 stay empty.
        rng: draws the order of the cameras.

    Raises:
        SplitImpossible: fewer cameras (or groups of cameras with equal files) than parts.
    """
    groups = _groups(pictures, [one.camera for one in pictures])
    return _dealt(pictures, groups, shares, rng, what="cameras")


def split_by_time(
    pictures: Sequence[Picture],
    shares: Mapping[str, float],
    rng: np.random.Generator,
    *,
    stretch_s: float = 60.0,
    gap_s: float = 5.0,
) -> list[Picture]:
    """Return pictures with their part; a stretch of a recording is wholly in one.

    Pictures within ``gap_s`` of a stretch's end belong to no part and are left out, so that two parts
    are always at least that far from each other.

    Args:
        pictures: parts that they had are forgotten; one without a second belongs to the stretch of
            all such pictures of its scene.
        shares: of the parts, as for :func:`split_by_camera`.
        rng: draws the order of the stretches.
        stretch_s: length of a stretch, seconds, gap included.
        gap_s: left out at its end, seconds.

    Raises:
        SplitImpossible: fewer stretches than parts.
    """
    kept = [one for one in pictures if one.at_s is None or one.at_s % stretch_s < stretch_s - gap_s]
    stretches = [
        (one.camera, one.scene, None if one.at_s is None else int(one.at_s // stretch_s))
        for one in kept
    ]
    return _dealt(kept, _groups(kept, stretches), shares, rng, what=f"stretches of {stretch_s:g} s")


def _groups(pictures: Sequence[Picture], keys: Sequence[Hashable]) -> list[int]:
    """Return each picture's group: equal keys share one, and so do keys that hold an equal file."""
    leader: dict[Hashable, Hashable] = {key: key for key in keys}

    def lead(key: Hashable) -> Hashable:
        while leader[key] != key:
            leader[key] = leader[leader[key]]
            key = leader[key]
        return key

    holder: dict[str, Hashable] = {}
    for picture, key in zip(pictures, keys, strict=True):
        first = holder.setdefault(picture.sha256, key)
        leader[lead(key)] = lead(first)
    numbers: dict[Hashable, int] = {}
    return [numbers.setdefault(lead(key), len(numbers)) for key in keys]


def _dealt(
    pictures: Sequence[Picture],
    groups: Sequence[int],
    shares: Mapping[str, float],
    rng: np.random.Generator,
    *,
    what: str,
) -> list[Picture]:
    """Give each group to the part that lacks most pictures; every part gets at least one."""
    parts = [name for name in SPLITS if shares.get(name, 0.0) > 0.0]
    count = len(set(groups))
    if count < len(parts):
        raise SplitImpossible(
            f"{count} {what} cannot be split into {', '.join(parts)} without a leak: add pictures of "
            "other cameras, split by time with shorter stretches, or ask for fewer parts"
        )
    sizes = np.bincount(groups)
    has = dict.fromkeys(parts, 0)
    dealt: dict[int, str] = {}
    for left, group in zip(range(count, 0, -1), rng.permutation(count).tolist(), strict=True):
        bare = [name for name in parts if not has[name]]
        # who has nothing yet comes first when only so many groups are left
        choice = bare if len(bare) >= left else parts
        part = max(choice, key=lambda name: shares[name] * len(pictures) - has[name])
        dealt[group] = part
        has[part] += int(sizes[group])
    return [
        replace(picture, split=dealt[group])
        for picture, group in zip(pictures, groups, strict=True)
    ]
