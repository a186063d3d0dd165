"""What a further network's classes are called on a camera, where no class has two networks."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple

__all__ = ["Naming", "Told"]


class Told(NamedTuple):
    """Names of classes as they are told, whether each is, and those that another network tells already."""

    names: tuple[str, ...]
    wanted: tuple[bool, ...]
    clashes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Naming:
    """How one further network's classes are told.

    Attributes:
        network: its name on the camera.
        prefix: put before each class.
        classes: those that are wanted; empty wants all.
    """

    network: str
    prefix: str = ""
    classes: frozenset[str] = frozenset()

    def tell(self, classes: Sequence[str], taken: Collection[str]) -> Told:
        """Return what these classes of the network are called.

        Args:
            classes: in the network's order.
            taken: what the camera's other networks tell.
        """
        names: list[str] = []
        wanted: list[bool] = []
        clashes: list[str] = []
        for name in classes:
            told = self.prefix + name
            want = not self.classes or name in self.classes
            if want and told in taken:
                clashes.append(told)
                want = False
            # what is not wanted is never told, but a name must mean one class all the same
            names.append(told if want else f"{self.network}:{name}")
            wanted.append(want)
        return Told(tuple(names), tuple(wanted), tuple(sorted(set(clashes))))
