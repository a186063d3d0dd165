"""Clocks and numbering of boxes: what each one's stamps and sequence numbers tell."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from msgspec import Struct

from contracts.readings import moment
from contracts.registry import BoxReport, OnlineRate
from gateway.dedupe import Dedupe
from gateway.intake import Intake
from gateway.presence import Presence, box_online, online_rates, presences
from gateway.registry import Registry
from gateway.samples import SampleMaker

__all__ = ["BoxLine", "ClockWatch", "clock_verdict"]

_GOOD_S = 1.0
"""Offset from true time that passes for none. Source: expert setting; NTP over the internet keeps
tens of milliseconds (RFC 5905)."""


def clock_verdict(offset_s: float | None, future: int) -> str:
    """Return ``ok``, ``ahead``, ``behind`` or ``unknown``.

    Args:
        offset_s: the box's clock minus true time as NTP tells it there.
        future: stamps of this box that lay too far ahead of their arrival.
    """
    if offset_s is None:
        return "ahead" if future else "unknown"
    if abs(offset_s) <= _GOOD_S:
        return "ok"
    return "ahead" if offset_s > 0.0 else "behind"


_PASSED_ON = ("models_", "shadow_", "drift_", "hard_")
"""Counters of boxes that the API's registry of models shows."""

_WORST = 20
"""Devices of one box that are named for their odd times."""


class BoxLine(Struct, frozen=True, kw_only=True):
    """One box in ``gateway devices``."""

    box: str
    district: str
    site: str
    online: bool
    registered: bool
    held_against: str | None
    """Why what it sends is turned away, or None."""
    boot_id: str
    heard_at: datetime | None
    clock: str
    clock_offset_s: float | None
    future: int
    """Stamps too far ahead of their arrival (``clock_skew``)."""
    late: int
    """Stamps long before their arrival."""
    duplicates: int
    """Messages handled before."""
    missing: int
    """Messages given up in gaps of its numbering."""
    waiting: int
    """Messages that wait beyond a gap."""
    desired_version: int | None
    reported_version: int | None
    in_sync: bool | None
    subjects: int
    odd_stamps: dict[str, dict[str, int]] = {}
    """Its devices whose times are odd, the worst twenty: ``clock_skew``, ``late``, ``repeated``."""


class ClockWatch:
    """Puts together what intake, ledger and registry know of each box.

    Counters are those since this gateway started. Safe to ask from another thread.
    """

    def __init__(
        self,
        registry: Registry,
        intake: Intake,
        dedupe: Dedupe,
        maker: SampleMaker,
        *,
        offline_after_s: float,
    ) -> None:
        self._registry = registry
        self._intake = intake
        self._dedupe = dedupe
        self._maker = maker
        self._offline_after_s = offline_after_s
        self.started_s = 0.0
        """When this gateway began to listen, seconds since 1970."""

    def rates(self, now: datetime) -> tuple[OnlineRate, ...]:
        """Return how many devices are online, by district and class."""
        return online_rates(self._presences(now))

    def _presences(self, now: datetime) -> Iterator[Presence]:
        return presences(
            self._registry,
            now.timestamp(),
            started_s=self.started_s,
            offline_after_s=self._offline_after_s,
        )

    def counters(self, box: str, waiting: Mapping[str, int]) -> dict[str, int]:
        """Return what was counted of one box, and what it counts of its models; zeros are left out."""
        found = {
            "future": self._maker.skewed[box],
            "late": self._maker.late[box],
            "duplicates": self._intake.duplicates[box],
            "missing": self._intake.missing[box],
            "waiting": waiting.get(box, 0),
        }
        record = self._registry.boxes.get(box)
        told = {} if record is None else record.counters
        found |= {name: count for name, count in told.items() if name.startswith(_PASSED_ON)}
        return {name: count for name, count in found.items() if count}

    def reports(self, now: datetime) -> list[BoxReport]:
        """Return what is known of every box, for the API."""
        registry, now_s = self._registry, now.timestamp()
        waiting = self._dedupe.waiting_by_box()
        behind: dict[str, list[Presence]] = {}
        for each in self._presences(now):
            if each.box is not None:
                behind.setdefault(each.box, []).append(each)
        found = []
        for name, record in sorted(registry.boxes.items()):
            reported = registry.reported.get(name)
            heard_s = max(record.heard_s, registry.heard.get(name, 0.0))
            found.append(
                BoxReport(
                    box=name,
                    district=record.district,
                    site=record.site,
                    online=box_online(registry, name, now_s, self._offline_after_s),
                    heard_at=moment(heard_s),
                    boot_id=record.boot_id,
                    clock_offset_s=record.clock_offset_s,
                    versions=record.versions,
                    counters=self.counters(name, waiting),
                    config_version=None if reported is None else reported.version,
                    config_sha256="" if reported is None else reported.sha256,
                    config_at=None if reported is None else reported.at,
                    sections={} if reported is None else reported.sections,
                    cameras=record.cameras,
                    scenes={} if reported is None else reported.scenes,
                    here=tuple(sorted(each.device for each in behind.get(name, ()) if each.online)),
                    silent={
                        each.device: moment(each.heard_s) if each.heard_s else None
                        for each in behind.get(name, ())
                        if not each.online
                    },
                )
            )
        return found

    def lines(self, now: datetime, desired: Mapping[str, tuple[int, str]]) -> list[BoxLine]:
        """Return one line for each box, for people.

        Args:
            now: the moment.
            desired: version and hash of what boxes should run.
        """
        subjects: dict[str, list[str]] = {}
        for name, subject in list(self._registry.subjects.items()):
            subjects.setdefault(subject.box, []).append(name)
        lines = []
        for report in self.reports(now):
            entry = self._registry.box_entries.get(report.box)
            wanted = desired.get(report.box)
            counted = report.counters
            in_sync = None
            if wanted is not None:
                done = all(result == "applied" for result in report.sections.values())
                in_sync = report.config_sha256 == wanted[1] and done
            lines.append(
                BoxLine(
                    box=report.box,
                    district=report.district,
                    site=report.site,
                    online=report.online,
                    registered=entry is not None,
                    held_against=self._registry.box_refusal(
                        report.box, report.district, report.site
                    ),
                    boot_id=report.boot_id,
                    heard_at=report.heard_at,
                    clock=clock_verdict(report.clock_offset_s, counted.get("future", 0)),
                    clock_offset_s=report.clock_offset_s,
                    future=counted.get("future", 0),
                    late=counted.get("late", 0),
                    duplicates=counted.get("duplicates", 0),
                    missing=counted.get("missing", 0),
                    waiting=counted.get("waiting", 0),
                    desired_version=None if wanted is None else wanted[0],
                    reported_version=report.config_version,
                    in_sync=in_sync,
                    subjects=len(subjects.get(report.box, ())),
                    odd_stamps=self._maker.stamps.worst(subjects.get(report.box, []), _WORST),
                )
            )
        return lines
