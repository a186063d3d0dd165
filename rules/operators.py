"""The operators of a rule beside its ladder."""

from msgspec import Struct

from rules.silence import Absence, NoData

__all__ = ["NO_OPERATORS", "Operators"]


class Operators(Struct, frozen=True, kw_only=True):
    """What a rule has beside its ladder; nothing by default."""

    no_data: NoData | None = None
    absence: Absence | None = None

    @property
    def keep_state(self) -> bool:
        """Whether each key needs a state for them."""
        return self.listen

    @property
    def listen(self) -> bool:
        """Whether silence means something."""
        return self.no_data is not None or self.absence is not None


NO_OPERATORS = Operators()
"""Those of a plain rule."""
