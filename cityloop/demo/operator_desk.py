"""An operator who takes one case through its seven steps, by the API that people use."""

from typing import Any

import httpx

from cityloop.stack.api_client import ApiClient

__all__ = ["OperatorDesk"]

_WALK: tuple[tuple[str, dict[str, Any]], ...] = (
    (
        "dispatched",
        {"reason": "low-lying road: water affairs 水务局", "to_department": "water"},
    ),
    ("handling", {"reason": "crew with a pump is on its way 抢险队出发"}),
    ("fed_back", {"reason": "pumped dry, drain cleared 已排水"}),
    ("verified", {"reason": "the sensor is back to normal 液位恢复正常"}),
    ("closed", {"reason": "verified 核查结案"}),
    ("evaluated", {"reason": "in time", "score": 5}),
)


class OperatorDesk:
    """Handles the first water case that it sees; takes the next step whenever it is legal.

    Verification must wait for the sensor: the API refuses it before every event of the case ended.
    """

    def __init__(self, client: ApiClient) -> None:
        self._client = client
        self._case: str | None = None
        self._number: str | None = None
        self._step = 0
        self.finished = False

    @property
    def case(self) -> str | None:
        """The number of the case in hand."""
        return self._number

    def look(self) -> None:
        """Take up a case, or take the next step with the one in hand, where the API allows it."""
        if self.finished:
            return
        try:
            if self._case is None:
                self._take_up()
            else:
                self._advance(self._case)
        except httpx.HTTPStatusError as refusal:
            if refusal.response.status_code not in {409, 422}:
                raise

    def _take_up(self) -> None:
        for case in self._client.pages("/v1/cases"):
            if case["event_type"] == "water.ponding":
                self._case, self._number = str(case["case_id"]), str(case["number"])
                self._client.post(f"/v1/cases/{self._case}/acknowledge", {})
                return

    def _advance(self, case: str) -> None:
        to, body = _WALK[self._step]
        if to == "verified" and self._client.get(f"/v1/cases/{case}")["open_events"]:
            return
        self._client.post(f"/v1/cases/{case}/move", {"to": to, **body})
        self._step += 1
        self.finished = self._step == len(_WALK)
