"""Other names for labels: ``bus=truck_bus``; and leaving out: ``bag=``."""

from collections.abc import Iterable, Mapping, Sequence

from msgspec.structs import replace

from models.datasets.errors import ImportRefused
from models.datasets.picture import Picture

__all__ = ["parse_renames", "relabelled"]


def parse_renames(words: Iterable[str]) -> dict[str, str]:
    """Return what ``old=new`` words say; an empty new name leaves the label out.

    Raises:
        ImportRefused: a word without ``=``.
    """
    found = {}
    for word in words:
        old, equals, new = word.partition("=")
        if not equals or not old:
            raise ImportRefused(
                f"{word!r}: expected OLD=NEW, like bus=truck_bus, or OLD= to leave out"
            )
        found[old.strip()] = new.strip()
    return found


def relabelled(
    pictures: Iterable[Picture], classes: Sequence[str], renames: Mapping[str, str]
) -> tuple[list[Picture], tuple[str, ...]]:
    """Return pictures and classes with other names, in the order in which the new ones first occur.

    Raises:
        ImportRefused: a name that is no class.
    """
    unknown = sorted(set(renames) - set(classes))
    if unknown:
        raise ImportRefused(
            f"no class {', '.join(unknown)} to be renamed; there are {', '.join(classes)}"
        )
    kept = tuple(dict.fromkeys(new for one in classes if (new := renames.get(one, one))))
    changed = [
        replace(
            picture,
            boxes=tuple(
                replace(box, label=renames.get(box.label, box.label))
                for box in picture.boxes
                if renames.get(box.label, box.label)
            ),
        )
        for picture in pictures
    ]
    return changed, kept
