"""One chaos run: a stack, a fault, rest, and the count."""

import time
from collections.abc import Callable
from pathlib import Path

from msgspec.structs import replace

from cityloop.chaos.bell import BELL_PACK
from cityloop.chaos.day import compress_day
from cityloop.chaos.faults import API_DOWN_S, FAULT_ACTS
from cityloop.chaos.plan import ChaosSettings
from cityloop.chaos.ringing import BELL_BOX
from cityloop.chaos.stage import ChaosResult, Stage
from cityloop.stack.documents import rule_packs
from cityloop.stack.plan import StackPlan, plan_stack
from cityloop.stack.stack import Stack
from simulators.scenario import RAINSTORM_DURATION_S

__all__ = ["run_chaos"]

_WARM_UP_S = 3.0
_SECONDS_A_KILL = 5.0
"""Real seconds that one kill takes about, recovery included; sets the storm's speed."""
_DAY_S = 86_400.0


def _scale(settings: ChaosSettings) -> float:
    """Return how many times faster than real time the stack's clock runs."""
    if settings.fault == "day":
        return _DAY_S / settings.hold_s
    if settings.fault == "api-down":
        return max(1.0, API_DOWN_S / settings.hold_s)
    if settings.fault == "kills":
        seconds = max(_WARM_UP_S + settings.kills * _SECONDS_A_KILL, 20.0)
    else:
        seconds = max(_WARM_UP_S + 4 * settings.hold_s, 10.0)
    return max(1.0, RAINSTORM_DURATION_S / seconds)


def _plan(settings: ChaosSettings, folder: Path) -> StackPlan:
    plan = plan_stack(folder, scale=_scale(settings), intake=settings.intake)
    if settings.fault == "day":
        return replace(plan, other_boxes=(BELL_BOX,), storm_boxes=())
    return replace(plan, other_boxes=(BELL_BOX,)) if settings.fault == "api-down" else plan


def run_chaos(settings: ChaosSettings, folder: Path, say: Callable[[str], None]) -> ChaosResult:
    """Run and count.

    Args:
        settings: which fault, how much load, which seed.
        folder: an empty folder for everything that the parts write.
        say: told what happens, in words.

    Raises:
        StackError: a part did not come back.
    """
    begun = time.monotonic()
    plan = _plan(settings, folder)
    packs = rule_packs(["flood"])
    if plan.other_boxes:
        (folder / "bell-pack.yaml").write_text(BELL_PACK, encoding="utf-8")
        packs.append(str(folder / "bell-pack.yaml"))
    stack = Stack(plan, packs)
    stage = Stage(settings, plan, stack, say)
    try:
        if settings.fault == "day":
            return compress_day(stage, begun)
        FAULT_ACTS[settings.fault](stage)
        return stage.count(begun)
    finally:
        stack.stop()
