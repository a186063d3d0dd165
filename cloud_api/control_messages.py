"""Which control messages an acknowledged case sends down to its gateways."""

import uuid

import structlog

from cloud_api.case_projection import Case
from cloud_api.instants import from_us
from cloud_api.metrics import Metrics
from cloud_api.ports import ControlSink
from contracts.control import Control, ControlAction
from contracts.event import EventPhase

__all__ = ["acknowledgements", "tell_gateways"]

_log = structlog.get_logger()

_NAMESPACE = uuid.UUID("c7a1f1de-90a4-5a0d-bb1c-3b8a2d6e5f11")


def acknowledgements(case: Case) -> list[Control]:
    """Return one message for each open event of a case that was just acknowledged.

    The id is a UUIDv5 of case and event, so that a gateway which hears it twice acts once.
    """
    if case.acknowledged_at_us is None or case.acknowledged_by is None:
        return []
    return [
        Control(
            id=str(uuid.uuid5(_NAMESPACE, f"{case.case_id}/{link.event_id}")),
            action=ControlAction.ACKNOWLEDGE,
            at=from_us(case.acknowledged_at_us),
            by=case.acknowledged_by,
            reason=f"case {case.number}",
            event_id=link.event_id,
        )
        for link in case.events
        if link.phase is not EventPhase.END
    ]


def tell_gateways(case: Case, sink: ControlSink | None, metrics: Metrics) -> None:
    """Send a case's acknowledgement down; what no hub takes is counted and logged, not repeated."""
    if sink is None:
        return
    for control in acknowledgements(case):
        if not sink.send(case.district, control):
            metrics.control_dropped.inc()
            _log.warning("control_dropped", case=case.number, event_id=control.event_id)
