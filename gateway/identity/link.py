"""The network's side of the fleet: polls and posts beside intake, and never in its way."""

from collections import Counter, deque
from collections.abc import Callable
from datetime import datetime
from random import Random
from typing import NamedTuple

import structlog

from contracts.packs import DesiredPacks
from contracts.registry import DesiredConfig, DesiredPage, FleetReport, RegistryPage
from gateway.approved_packs import ApprovedPacks
from gateway.errors import FleetUnavailableError
from gateway.identity.ports import FleetApi
from runtime.backoff import Backoff

__all__ = ["FleetLink", "FleetNews"]

_MOST_WAITING = 8
"""Pages that may wait for the worker; until it has taken them, nothing more is fetched."""
_WAIT_S = 0.2


class FleetNews(NamedTuple):
    """What came from the API: a page of the registry, or of desired configurations."""

    page: RegistryPage | None = None
    reset: bool = False
    """Whether the page begins anew: what was known before is not to be believed."""
    configs: tuple[DesiredConfig, ...] = ()
    configs_revision: int | None = None


class _Job:
    """Something done every so often, less often while it fails."""

    def __init__(
        self, name: str, work: Callable[[], bool], every_s: float, cap_s: float, rng: Random
    ) -> None:
        self.name = name
        self.failing = False
        self._work = work
        self._every_s = every_s
        self._rng = rng
        self._backoff = Backoff(min(every_s, cap_s), cap_s, rng)
        self._due_s = 0.0

    def step(self, monotonic_s: float) -> bool | None:
        """Do it when it is due; return whether it should be done again at once, None if not due.

        Raises:
            FleetUnavailableError: it failed; the next time is put off.
        """
        if monotonic_s < self._due_s:
            return None
        try:
            again = self._work()
        except FleetUnavailableError:
            # at least half the usual pause: full jitter alone could ask again at once
            self._due_s = monotonic_s + self._every_s / 2 + self._backoff.next_delay()
            raise
        self._backoff.reset()
        # a fleet of gateways that started together should not poll together for ever
        pause_s = self._every_s * self._rng.uniform(0.9, 1.1)
        self._due_s = monotonic_s if again else monotonic_s + pause_s
        return again


class FleetLink:
    """Follows the API; :meth:`take` gives the worker what came.

    Args:
        api: the API.
        approved: where approved rule packs are kept.
        compose: returns what is to be reported now; called in the link's thread.
        confirm: called when the API has the report that was composed last.
        poll_s: real seconds between two polls.
        report_s: real seconds between two reports.
        cap_s: longest ceiling of a wait after a failure, real seconds.
        rng: jitter.
    """

    def __init__(
        self,
        api: FleetApi,
        approved: ApprovedPacks,
        compose: Callable[[datetime], FleetReport],
        confirm: Callable[[], None],
        *,
        poll_s: float,
        report_s: float,
        cap_s: float,
        rng: Random,
    ) -> None:
        self._api = api
        self._approved = approved
        self._compose = compose
        self._confirm = confirm
        self._news: deque[FleetNews] = deque()
        self._registry_since = 0
        self._desired_since = 0
        self._now: datetime | None = None
        self._jobs = (
            _Job("registry", self._poll_registry, poll_s, cap_s, rng),
            _Job("desired", self._poll_desired, poll_s, cap_s, rng),
            _Job("packs", self._poll_packs, poll_s, cap_s, rng),
            _Job("report", self._post_report, report_s, cap_s, rng),
        )
        self.counters: Counter[str] = Counter()
        """``polls``, ``pages``, ``reports``, ``failures``."""

    def begin(self, registry_revision: int, desired_revision: int) -> None:
        """Say how far registry and configurations are known already."""
        self._registry_since = registry_revision
        self._desired_since = desired_revision

    @property
    def failing(self) -> bool:
        """Whether the last poll of the registry failed."""
        return self._jobs[0].failing

    def take(self) -> FleetNews | None:
        """Return the next news, oldest first; None where there is none."""
        return self._news.popleft() if self._news else None

    def step(self, now: datetime, monotonic_s: float) -> bool:
        """Do what is due; return whether there is more to be done at once."""
        self._now = now
        again = False
        for job in self._jobs:
            try:
                more = job.step(monotonic_s)
            except FleetUnavailableError as error:
                self.counters["failures"] += 1
                if not job.failing:
                    job.failing = True
                    structlog.get_logger().warning(
                        "fleet_api_unavailable", job=job.name, error=str(error)
                    )
            else:
                again |= more is True
                if job.failing and more is not None:
                    job.failing = False
                    structlog.get_logger().info("fleet_api_answers", job=job.name)
        return again

    def run(
        self,
        stopped: Callable[[float], bool],
        clock: Callable[[], datetime],
        monotonic: Callable[[], float],
    ) -> None:
        """Step until ``stopped``, which waits as long as it is told."""
        while not stopped(_WAIT_S):
            while self.step(clock(), monotonic()):
                if stopped(0.0):
                    return

    def close(self) -> None:
        """Close the way to the API."""
        self._api.close()

    def _poll_registry(self) -> bool:
        if len(self._news) >= _MOST_WAITING:
            return False
        since = self._registry_since
        page = self._api.registry(since)
        self.counters["polls"] += 1
        if page is None:
            return False
        if page.revision < since:
            # the API was restored from an older backup: its past is not what we know
            structlog.get_logger().warning(
                "registry_went_back", known=since, revision=page.revision
            )
            self._registry_since = 0
            page = self._api.registry(0) or RegistryPage(revision=0, complete=True)
            since = 0
        if since == 0:
            # handed over as a whole: with half a registry the other half would be unknown
            page = self._complete(page)
        self._registry_since = page.revision
        self.counters["pages"] += 1
        self._news.append(FleetNews(page=page, reset=since == 0))
        return not page.complete

    def _complete(self, page: RegistryPage) -> RegistryPage:
        while not page.complete:
            following = self._api.registry(page.revision)
            if following is None:
                break
            page = RegistryPage(
                revision=following.revision,
                complete=following.complete,
                devices=page.devices + following.devices,
                boxes=page.boxes + following.boxes,
                gone_devices=page.gone_devices + following.gone_devices,
                gone_boxes=page.gone_boxes + following.gone_boxes,
            )
        return page

    def _poll_desired(self) -> bool:
        if len(self._news) >= _MOST_WAITING:
            return False
        page = self._api.desired(self._desired_since)
        self.counters["polls"] += 1
        if page is None:
            return False
        if page.revision < self._desired_since:
            page = self._api.desired(0) or DesiredPage(revision=0, complete=True)
        self._desired_since = page.revision
        self.counters["pages"] += 1
        self._news.append(FleetNews(configs=page.configs, configs_revision=page.revision))
        return not page.complete

    def _poll_packs(self) -> bool:
        since = self._approved.revision
        page = self._api.packs(since)
        self.counters["polls"] += 1
        if page is None:
            return False
        if page.revision < since:
            # an older backup: what it approves is what counts, what it does not know stays as it is
            page = self._api.packs(0) or DesiredPacks(revision=0, complete=True)
        try:
            self._approved.keep(page)
        except OSError as error:
            raise FleetUnavailableError(
                f"approved packs {self._approved.folder}: {error}; check the disk and its free space"
            ) from error
        self.counters["pages"] += 1
        return not page.complete

    def _post_report(self) -> bool:
        assert self._now is not None
        self._api.report(self._compose(self._now))
        self._confirm()
        self.counters["reports"] += 1
        return False
