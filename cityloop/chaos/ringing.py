"""The box that opens and ends events, beside a stack that runs."""

import time

from cityloop.chaos.stage import Stage
from cityloop.errors import NotReady, ProcessDied
from cityloop.stack.documents import session_document
from cityloop.stack.plan import StackPlan

__all__ = ["BELL_BOX", "ring"]

BELL_BOX = "bell-1"
_LATE_S = 900.0
"""How much longer than planned a few events may take on a slow machine."""
_LEAST_EVENTS_PER_S = 200.0
"""So many of them a machine should manage that does the work of ten (790 were seen on one)."""


def _document(stage: Stage, plan: StackPlan, seconds: float) -> dict[str, object]:
    assert plan.clock is not None
    return {
        "district": plan.district,
        "site": plan.site,
        "box": BELL_BOX,
        "hub": session_document(plan, BELL_BOX),
        "outbox": {"path": str(plan.outbox(BELL_BOX))},
        "events": stage.settings.events,
        "seconds": seconds,
        "surge": stage.settings.surge,
        "clock": plan.clock.document(),
    }


def ring(stage: Stage, seconds: float) -> float:
    """Open and end the configured events; return real seconds until the gateway had them all.

    Args:
        stage: where.
        seconds: real seconds over which they are spread.

    Raises:
        NotReady: they did not all arrive.
        ProcessDied: the box ended with an error.
    """
    begun = time.monotonic()
    document = _document(stage, stage.plan, seconds)
    bell = stage.stack.add_role("bell", "cityloop.chaos.bell", document, "run")
    late_s = _LATE_S + stage.settings.events / _LEAST_EVENTS_PER_S
    status = bell.wait_exit(seconds + late_s)
    if status is None:
        raise NotReady(f"{BELL_BOX} still holds messages; its log ends with:\n{bell.log_tail()}")
    if status:
        raise ProcessDied(f"{BELL_BOX} ended with status {status}:\n{bell.log_tail()}")
    return time.monotonic() - begun
