"""The bench that tests inside packs run on: an engine behind its gates that can be restarted."""

import math

from msgspec.structs import replace

from contracts.control import Control
from contracts.profiles import PROFILES
from rules.breach import Breach
from rules.engine import Engine
from rules.quality.inspector import Inspector
from rules.quality.telling import tell
from rules.rule import RulePack
from rules.sample import Sample

__all__ = ["PackBench"]

_Value = float | bool | str


class PackBench:
    """Runs one pack the way a gateway does: range, gates, rules; and goes on from its snapshots."""

    def __init__(self, pack: RulePack) -> None:
        self._pack = pack
        self._engine = Engine([pack])
        self._inspector = Inspector(pack.quality)
        self._states: dict[str, bytes] = {}
        self._gates: dict[str, bytes] = {}
        self.found: list[Breach] = []
        """What the rules said so far."""

    def tick(self, now: float) -> None:
        """Let the clock be ``now``."""
        self.found += self._engine.tick(now)

    def control(self, control: Control, now: float) -> None:
        """Let people say something."""
        self.found += self._engine.control(control, now)

    def feed(self, sample: Sample, now: float) -> None:
        """Let a sample arrive at ``now``."""
        if sample.profile not in self._inspector.profiles:
            self.found += self._engine.apply(sample, now)
            return
        fields, refused = _within_range(sample)
        inspected = self._inspector.inspect(
            replace(sample, fields=fields), refused, now, clamped=False
        )
        for breaches, _ in tell(self._engine, inspected, now):
            self.found += breaches

    def restart(self) -> None:
        """Begin anew from the snapshots, as a gateway does that was killed."""
        for store, blobs in (
            (self._states, self._engine.take_dirty()),
            (self._gates, self._inspector.take_dirty()),
        ):
            for name, blob in blobs.items():
                store.pop(name, None)
                if blob is not None:
                    store[name] = blob
        self._engine = Engine([self._pack])
        self._engine.restore(self._states)
        self._inspector = Inspector(self._pack.quality)
        self._inspector.restore(self._gates)


def _within_range(sample: Sample) -> tuple[dict[str, _Value], dict[str, float | None]]:
    """Return the fields that the profile allows, and the others as intake refuses them."""
    assert sample.profile is not None
    profile = PROFILES[sample.profile]
    kept: dict[str, _Value] = {}
    refused: dict[str, float | None] = {}
    for name, value in sample.fields.items():
        field = profile.field(name)
        if field is None or isinstance(value, bool | str):
            kept[name] = value
        elif math.isnan(value):
            refused[name] = None
        elif (field.minimum is not None and value < field.minimum) or (
            field.maximum is not None and value > field.maximum
        ):
            refused[name] = value
        else:
            kept[name] = value
    return kept, refused
