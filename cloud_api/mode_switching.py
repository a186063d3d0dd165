"""Switching a district between everyday 平 and emergency 急 operation, and telling its gateways."""

import uuid
from datetime import datetime
from typing import NamedTuple

from cloud_api.metrics import Metrics
from cloud_api.ports import ControlSink
from cloud_api.ticker import Ticker
from contracts.control import Control, ControlAction, Mode

__all__ = ["ModeSwitcher", "Switched"]


class Switched(NamedTuple):
    """How many open cases a switch touched, and whether a hub took the message to the gateways."""

    cases_touched: int
    told: bool


class ModeSwitcher:
    """Switches districts: the log of modes, the cases' deadlines, and the gateways."""

    def __init__(self, ticker: Ticker, control: ControlSink | None, metrics: Metrics) -> None:
        self._ticker = ticker
        self._control = control
        self._metrics = metrics

    def switch(
        self, district: str, mode: Mode, *, now: datetime, actor: str, reason: str
    ) -> Switched:
        """Switch a district, bring deadlines nearer, tell its gateways.

        Raises:
            StoreUnavailable: the database does not answer; nothing was switched.
        """
        touched = self._ticker.switch_mode(district, mode, now=now, actor=actor, reason=reason)
        message = Control(
            id=str(uuid.uuid4()),
            action=ControlAction.MODE,
            at=now,
            by=actor,
            reason=reason,
            mode=mode,
            district=district,
        )
        told = self._control is not None and self._control.send(district, message)
        if self._control is not None and not told:
            self._metrics.control_dropped.inc()
        return Switched(touched, told)
