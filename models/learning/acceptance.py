"""What people have accepted becomes the next version of a data set."""

from collections.abc import Collection, Sequence
from pathlib import Path

from contracts.review import network_name
from models.datasets.picture import Box, Manifest, Picture
from models.datasets.store import Dataset, DatasetStore
from models.learning.errors import LearningError
from models.learning.reviewed import Reviewed, file_of

__all__ = ["accept", "of_networks", "pictures_of"]


def of_networks(reviewed: Sequence[Reviewed], networks: Collection[str]) -> list[Reviewed]:
    """Return the pictures that one data set can learn from together.

    Args:
        reviewed: pictures, of whichever networks.
        networks: names of the networks that are meant; empty means all, which then must be one.
            Where nobody knows which network looked, that makes none.

    Raises:
        LearningError: none is named, and what was accepted is of several networks.
    """
    if networks:
        return [one for one in reviewed if network_name(one.item.model) in networks]
    found = {network_name(one.item.model) for one in reviewed if one.accepted} - {""}
    if len(found) > 1:
        raise LearningError(
            f"what was accepted is of several networks: {', '.join(sorted(found))}; each picture is "
            "labelled with what its own network knows; name those that are meant with --model"
        )
    return list(reviewed)


def pictures_of(
    store: DatasetStore, reviewed: Sequence[Reviewed], folder: Path, *, split: str = "train"
) -> list[Picture]:
    """Return what was accepted as pictures of a data set, their files put into the store.

    Args:
        store: of data sets.
        reviewed: pictures with decisions; those not accepted are left out.
        folder: where their files lie.
        split: the part of the data set that they go to.

    Raises:
        LearningError: a file is missing.
    """
    found = []
    for one in reviewed:
        if not one.accepted:
            continue
        item, path = one.item, folder / file_of(one.item)
        try:
            content = path.read_bytes()
        except OSError as error:
            raise LearningError(f"{path}: {error.strerror}; run models review fetch") from error
        found.append(
            Picture(
                sha256=store.put_picture(content, ".jpg"),
                suffix=".jpg",
                width=item.width,
                height=item.height,
                camera=item.camera,
                # a picture by itself: it continues no recording
                scene=f"review-{item.id}",
                tags=("review", item.reason.value),
                split=split,
                boxes=tuple(
                    Box(
                        label=box.label,
                        xyxy=(
                            box.box_xyxy[0] * item.width,
                            box.box_xyxy[1] * item.height,
                            box.box_xyxy[2] * item.width,
                            box.box_xyxy[3] * item.height,
                        ),
                    )
                    for box in one.boxes
                ),
                source=f"review {item.id}",
            )
        )
    return found


def accept(
    store: DatasetStore, base: Dataset, name: str, reviewed: Sequence[Reviewed], folder: Path
) -> Manifest:
    """Keep a data set with what was accepted added to it; return its manifest.

    A picture that is there already is replaced: the later word counts. New labels become classes
    after those that are there, so that a network's numbers stay.

    Args:
        store: of data sets.
        base: what it is added to.
        name: what the next version is called.
        reviewed: pictures with decisions.
        folder: where their files lie.

    Raises:
        LearningError: nothing was accepted, or a file is missing.
    """
    added = pictures_of(store, reviewed, folder)
    if not added:
        raise LearningError("nothing was accepted; review pictures first")
    new = {picture.sha256 for picture in added}
    kept = [picture for picture in base.pictures if picture.sha256 not in new]
    classes = list(base.manifest.classes)
    classes += sorted({box.label for one in added for box in one.boxes} - set(classes))
    return store.save(
        name,
        [*kept, *added],
        classes,
        made_by="models review accept",
        parent=base.manifest.version,
    )
