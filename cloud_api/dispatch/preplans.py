"""Pre-plans 预案: what starts together with a case of some kind and level."""

from fnmatch import fnmatchcase

from msgspec import Struct

from cloud_api.errors import ProfileError
from contracts.levels import Level

__all__ = ["Preplan", "PreplanFile", "PreplanTask", "Preplans"]


class PreplanTask(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of the work that starts with the case, as a sub-task."""

    department: str
    """Who does it. No default."""
    zh: str
    """What, in Chinese. No default."""
    en: str
    """What, in English. No default."""


class Preplan(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One pre-plan."""

    id: str
    """Id, as rules name it in ``preplan``. No default."""
    zh: str
    """Chinese name. No default."""
    en: str
    """English name. No default."""
    tasks: tuple[PreplanTask, ...]
    """What starts. No default."""
    event_types: tuple[str, ...] = ()
    """Events that call for it even where their rule names none; ``*`` for any characters. Default none."""
    levels: tuple[Level, ...] = (Level.RED,)
    """Levels at which it starts. Default red."""


class PreplanFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``preplans.yaml``."""

    preplans: tuple[Preplan, ...]
    """The pre-plans of a city. No default."""


class Preplans:
    """The pre-plans of one city.

    Raises:
        ProfileError: an id stands twice, or a task names a department that does not exist.
    """

    def __init__(self, preplans: tuple[Preplan, ...], departments: frozenset[str]) -> None:
        self.all = preplans
        self._by_id: dict[str, Preplan] = {}
        for preplan in preplans:
            if preplan.id in self._by_id:
                raise ProfileError(f"preplans: {preplan.id} stands twice; remove one")
            self._by_id[preplan.id] = preplan
            for task in preplan.tasks:
                if task.department not in departments:
                    raise ProfileError(
                        f"preplans: {preplan.id}: department {task.department!r} does not exist; "
                        f"expected one of {', '.join(sorted(departments))}"
                    )

    def find(self, named: str | None, event_type: str, level: Level) -> Preplan | None:
        """Return what starts with a case: the plan that its rule names, else the first that fits.

        None where there is none, or where it does not start at this level.
        """
        if named is not None and named in self._by_id:
            plan = self._by_id[named]
            return plan if level in plan.levels else None
        for plan in self.all:
            fits = any(fnmatchcase(event_type, pattern) for pattern in plan.event_types)
            if fits and level in plan.levels:
                return plan
        return None
