"""The operators of a rule beside its ladder."""

from typing import Final

from msgspec import Struct

from rules.actions import Action
from rules.calendars import Schedule
from rules.escalation import Escalation
from rules.silence import Absence, NoData
from rules.windows import Let

__all__ = ["NO_OPERATORS", "Operators"]


class Operators(Struct, frozen=True, kw_only=True):
    """What a rule has beside its ladder; nothing by default."""

    no_data: NoData | None = None
    absence: Absence | None = None
    schedule: Schedule | None = None
    """When the rule is active; None: always."""

    lets: tuple[Let, ...] = ()
    """Derived values, each after those that it builds on."""
    latch: bool = False
    remind_s: float | None = None
    escalations: tuple[Escalation, ...] = ()
    actions: tuple[Action, ...] = ()
    """Commands to devices, in the order of the rule."""

    @property
    def keep_state(self) -> bool:
        """Whether each key needs a state for them."""
        return self.listen or self.handled or self.schedule is not None or bool(self.lets)

    @property
    def handled(self) -> bool:
        """Whether it matters when an event was told and whether somebody took it up."""
        return self.latch or self.remind_s is not None or bool(self.escalations)

    @property
    def listen(self) -> bool:
        """Whether silence means something."""
        return self.no_data is not None or self.absence is not None


NO_OPERATORS: Final[Operators] = Operators()
"""Those of a plain rule."""
