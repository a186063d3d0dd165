"""The API as an object: started and stopped with the web server, or stepped call by call."""

import time
from collections.abc import Sequence
from datetime import datetime
from functools import cached_property
from typing import Any

from fastapi import FastAPI
from starlette.types import ASGIApp

from cloud_api.app import build_app, with_short_way
from cloud_api.evidence_store import EvidenceInfo
from cloud_api.intake import Receipt, read_events, receipt
from cloud_api.loops import Loops
from cloud_api.media import check_media_type
from cloud_api.rebuild import projection_digest
from cloud_api.roll_call import followers, looping
from cloud_api.service import ProjectorLoop, TickerLoop
from cloud_api.services import Services

__all__ = ["Api"]

_ABANDONED_S = 3600.0
"""An upload's temporary file that nobody wrote to for so long was cut off by a crash."""


class Api:
    """One API: as a web application (:attr:`app`), or driven call by call in one process.

    Driven by calls, nothing runs by itself: all is the same in every run with the same clock.
    """

    def __init__(self, services: Services) -> None:
        self.services = services
        self._loop = ProjectorLoop(
            services.projector,
            services.clock,
            services.metrics,
            interval_s=services.config.projector_interval_s,
            batch=services.config.projector_batch,
            busy=services.group_commit.busy,
            posting=services.group_commit.posting,
            projected=services.feed.nudge,
        )
        services.group_commit.committed = self._loop.nudge
        self._ticking = TickerLoop(
            services.ticker,
            services.clock,
            services.metrics,
            interval_s=services.config.ticker_interval_s,
            busy=services.group_commit.busy,
            ticked=services.feed.nudge,
        )
        self._loops = Loops(
            looping(services),
            services.clock,
            failed=lambda name: services.metrics.loop_failures.labels(name).inc(),
        )

    @cached_property
    def _application(self) -> FastAPI:
        """The web application; made when it is first asked for: its routes take longer to make than all else."""
        return build_app(self.services, self._start, self._stop)

    @cached_property
    def app(self) -> ASGIApp:
        """The application to be served."""
        return with_short_way(self._application, self.services)

    def _start(self) -> None:
        # File times are the machine's, whatever clock the API runs on.
        self.services.evidence.sweep(time.time() - _ABANDONED_S)
        self.services.trail.start()
        self.services.group_commit.start()
        self.services.false_alarms.begin()
        self._loop.start()
        self._ticking.start()
        self._loops.start()

    def _stop(self) -> None:
        self.services.group_commit.stop(self.services.config.stop_timeout_s)
        self._ticking.stop(self.services.config.stop_timeout_s)
        self._loop.stop(self.services.config.stop_timeout_s)
        self.services.trail.stop(self.services.config.stop_timeout_s)
        self._loops.stop(self.services.config.stop_timeout_s)

    def document(self) -> dict[str, Any]:
        """Return the OpenAPI document."""
        return self._application.openapi()

    def accept_events(self, payload: bytes | Sequence[bytes]) -> Receipt:
        """Store posted events; when this returns, everything accepted is committed.

        Args:
            payload: a body as POST /v1/events takes it, or several encoded event.v1.

        Raises:
            Problem: as POST /v1/events answers, except that nothing is raised for a single event.
        """
        body = payload if isinstance(payload, bytes) else b"[" + b",".join(payload) + b"]"
        reading = read_events(body, self.services.config.batch_events)
        now = self.services.clock.now()
        outcomes = self.services.intake.append([reading.incoming], now)[0]
        return receipt(reading, outcomes)

    def put_evidence(
        self, sha256: str, media_type: str, content: bytes, by: str = "box"
    ) -> EvidenceInfo:
        """Store a picture or clip.

        Raises:
            Problem: as PUT /v1/evidence answers.
        """
        return self.services.evidence.put(
            sha256, check_media_type(media_type), content, now=self.services.clock.now(), by=by
        )

    def step(self, now: datetime) -> int:
        """Project everything that is stored, let deadlines come due; return how many revisions it was."""
        total = 0
        while done := self.services.projector.step(now):
            total += done
        while self.services.ticker.step(now):
            pass
        for _name, follower in followers(self.services):
            while follower.step(now):
                pass
        return total

    def digest(self, *, sealed: bool = True) -> str:
        """Return the SHA-256 over all projections, as :func:`projection_digest` does."""
        with self.services.store.read() as connection:
            return projection_digest(connection, sealed=sealed)

    def close(self) -> None:
        """Close the database and leave the hub."""
        self.services.orders.close()
        for deliverer in self.services.webhooks:
            deliverer.close()
        if self.services.control is not None:
            self.services.control.close()
        self.services.store.dispose()
