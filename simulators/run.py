"""Driving the service on a clock until it is told to stop."""

import time
from pathlib import Path

import structlog

from runtime.clock import Clock
from runtime.process import StopFlag
from simulators.ledger import Ledger, write_ledger
from simulators.service import SimulatorService

__all__ = ["run_service"]

_log = structlog.get_logger(__name__)

_LONGEST_WAIT_S = 0.1
_LEDGER_EVERY_S = 1.0
_REPORT_EVERY_S = 10.0


def run_service(
    service: SimulatorService,
    clock: Clock,
    stop: StopFlag,
    *,
    for_s: float | None = None,
    drain_s: float = 15.0,
    ledger_path: Path | None = None,
) -> Ledger:
    """Step a service until it has run long enough, is finished or is told to stop; return its ledger.

    At the end no more readings are made; what is under way gets ``drain_s`` to arrive.

    Args:
        service: what runs.
        clock: the time the service is told.
        stop: set by signals.
        for_s: real seconds to run; None: until finished or stopped.
        drain_s: most real seconds to wait for messages under way at the end.
        ledger_path: where the ledger is written, about once a second.
    """
    service.start()
    begun_s = time.monotonic()
    book_at_s = report_at_s = begun_s
    while True:
        service.step(clock.now())
        real_s = time.monotonic()
        if stop or service.finished or (for_s is not None and real_s - begun_s >= for_s):
            break
        if ledger_path is not None and real_s >= book_at_s:
            write_ledger(ledger_path, service.ledger(with_events=False))
            book_at_s = real_s + _LEDGER_EVERY_S
        if real_s >= report_at_s:
            _log.info(
                "simulator_running",
                elapsed_s=round(service.elapsed_s, 1),
                connected=service.connected,
                backlog=service.backlog,
                **service.counters,
            )
            report_at_s = real_s + _REPORT_EVERY_S
        due_s = service.next_due_s()
        wait_s = _LONGEST_WAIT_S if due_s is None else clock.wall_seconds(due_s)
        service.wait(min(_LONGEST_WAIT_S, max(0.001, wait_s)))
    service.stop_reporting()
    deadline_s = time.monotonic() + drain_s
    while service.backlog and time.monotonic() < deadline_s:
        service.step(clock.now())
        service.wait(0.02)
    ledger = service.ledger()
    if ledger_path is not None:
        write_ledger(ledger_path, ledger)
    _log.info(
        "simulator_ended",
        reason=stop.reason or "done",
        enqueued=ledger.enqueued,
        backlog=service.backlog,
        dropped=ledger.dropped,
    )
    service.close(clock.now())
    return ledger
