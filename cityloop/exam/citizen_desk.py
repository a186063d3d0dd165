"""Citizens of an exam at the API's own routes: reports handed in, and what became of each."""

import asyncio
from collections import deque
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import httpx
from msgspec import Struct
from sqlalchemy import Connection, select

from cityloop.errors import ExamError
from cloud_api.bootstrap import Api
from cloud_api.case_opening import find_case
from cloud_api.case_projection import Case
from cloud_api.citizens.outcome import outcome_of
from cloud_api.keys import Role
from cloud_api.schema import events
from runtime.clock import ManualClock
from simulators.city.citizens import CitizenReport

__all__ = ["CaseStanding", "CitizenDesk", "HeardReport"]

_KEY_ID = "c1712e45c1de"
"""Id of the citizens' key: fixed, because the ids of their orders hang on it."""

_ANSWER_S = 60.0


class CaseStanding(Struct, frozen=True, kw_only=True):
    """Where something ended up: the leading case of all that was merged with it."""

    case_id: str
    lon: float | None
    lat: float | None
    class_code: str | None
    """Class of its own case, before merging."""


class HeardReport(Struct, frozen=True, kw_only=True):
    """A report that the API took, and where it ended up; None: no case came of it."""

    report: CitizenReport
    standing: CaseStanding | None


class CitizenDesk:
    """Hands reports in at ``/v1/reports`` and ``/open311/v2`` of an API in this process.

    Args:
        api: the API.
        clock: its clock, which is moved by hand.
        plan: what will be reported, in order of time.
    """

    def __init__(self, api: Api, clock: ManualClock, plan: Sequence[CitizenReport]) -> None:
        self._api, self._clock, self._start = api, clock, clock.now()
        self._due = deque(plan)
        _, self._token = api.services.keys.create(
            "citizens", Role.APP, api.services.clock.now(), key_id=_KEY_ID
        )
        # one loop for all posts: the application may keep things that belong to its loop
        self._runner = asyncio.Runner()
        self._client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=api.app), base_url="http://exam", timeout=_ANSWER_S
        )
        self._taken: list[tuple[CitizenReport, str]] = []

    def until(self, at_s: float) -> None:
        """Hand in what is due up to a second of the scenario, each report at its own moment.

        Raises:
            ExamError: the API refused one.
        """
        while self._due and self._due[0].at_s <= at_s:
            report = self._due.popleft()
            self._clock.set(max(self._clock.now(), self._start + timedelta(seconds=report.at_s)))
            self._hand_in(report)

    def _hand_in(self, report: CitizenReport) -> None:
        number = len(self._taken)
        post = self._open311 if report.open311 else self._own
        answer = self._runner.run(post(report, f"report-{number}"))
        if answer.status_code != httpx.codes.CREATED:
            raise ExamError(
                f"report {report.person} about {report.class_name}: the API answered "
                f"{answer.status_code} {answer.text[:200]}; expected 201"
            )
        body = answer.json()
        order = body[0]["service_request_id"] if report.open311 else body["order_id"]
        self._taken.append((report, str(order)))

    async def _own(self, report: CitizenReport, once: str) -> httpx.Response:
        body: dict[str, Any] = {
            "lon": report.lon,
            "lat": report.lat,
            "text": report.text,
            "channel": "app",
            "language": report.language,
            "contact": {"name": report.person},
        }
        if report.code is not None:
            body["service_code"] = report.code
        headers = {"Authorization": f"Bearer {self._token}", "Idempotency-Key": once}
        return await self._client.post("/v1/reports", json=body, headers=headers)

    async def _open311(self, report: CitizenReport, once: str) -> httpx.Response:
        form = {
            "api_key": self._token,
            "lat": str(report.lat),
            "long": str(report.lon),
            "description": report.text,
        }
        if report.code is not None:
            form["service_code"] = report.code
        return await self._client.post(
            "/open311/v2/requests.json", data=form, headers={"Idempotency-Key": once}
        )

    def reports(self) -> tuple[HeardReport, ...]:
        """Return every report with where it ended up."""
        with self._api.services.store.read() as connection:
            return tuple(
                HeardReport(report=report, standing=self._standing(connection, order))
                for report, order in self._taken
            )

    def standings(self, event_ids: Sequence[str]) -> dict[str, CaseStanding]:
        """Return where events ended up, by their ids."""
        with self._api.services.store.read() as connection:
            found = {one: self._standing(connection, one) for one in event_ids}
        return {one: standing for one, standing in found.items() if standing is not None}

    def _standing(self, connection: Connection, event_id: str) -> CaseStanding | None:
        case_id = connection.scalar(select(events.c.case_id).where(events.c.event_id == event_id))
        own: Case | None = None if not case_id else find_case(connection, case_id)
        if own is None:
            return None
        leading = outcome_of(connection, own, self._api.services.flows).leading
        return CaseStanding(
            case_id=leading.case_id,
            lon=None if leading.place is None else leading.place.lon,
            lat=None if leading.place is None else leading.place.lat,
            class_code=own.class_code,
        )

    def close(self) -> None:
        """Leave the API; closing twice is harmless."""
        self._runner.run(self._client.aclose())
        self._runner.close()
