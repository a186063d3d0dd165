"""Gates for sensors whose cadence is not their profile's."""

from collections.abc import Mapping

from rules.quality.calm_gate import CalmGate

__all__ = ["FittedGates"]


class FittedGates:
    """Fits a rule's gates to a sensor's own cadence; sensors of equal cadence share them.

    Args:
        cadences: seconds between two readings, by subject; of those that have a cadence of their own.
    """

    def __init__(self, cadences: Mapping[str, float]) -> None:
        self._cadences = cadences
        self._made: dict[tuple[str, str, float], Mapping[str, CalmGate]] = {}

    def of(
        self, subject: str, profile: str, rule: str, usual: Mapping[str, CalmGate]
    ) -> Mapping[str, CalmGate]:
        """Return a rule's gates of a sensor, by field; ``usual`` are those of its profile."""
        cadence_s = self._cadences.get(subject)
        if cadence_s is None:
            return usual
        key = (rule, profile, cadence_s)
        if key not in self._made:
            self._made[key] = {field: gate.fitted(cadence_s) for field, gate in usual.items()}
        return self._made[key]

    def forget(self) -> None:
        """Forget what was made: other gates are in force."""
        self._made.clear()
