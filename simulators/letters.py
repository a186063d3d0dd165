"""The messages of a simulated box: one reading each, and its status."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from contracts.envelope import Channel
from contracts.profiles import PROFILES
from contracts.readings import Readings, Record
from contracts.status import BoxState, Status, SubjectBirth
from contracts.topics import Kind
from runtime.outbox import Letter, Stamp
from simulators.fleet import SimulatedSubject
from simulators.scenario import Scenario

__all__ = ["MAX_BIRTH_SUBJECTS", "box_status", "reading_letter"]

MAX_BIRTH_SUBJECTS = 1000
"""Most subjects that a birth message names, so that it stays below the payload limit."""


def reading_letter(
    scenario: Scenario, subject: SimulatedSubject, index: int, start_at: datetime
) -> Letter:
    """Return one reading of one subject as a message; profiles of priority 0 go the urgent lane.

    Args:
        scenario: what the subject measures.
        subject: who reports.
        index: how many times it reported before.
        start_at: the moment of the scenario's second 0.
    """
    at = start_at + timedelta(seconds=scenario.elapsed_s(subject, index))
    profile = PROFILES[subject.profile]
    records: list[Record] = []
    for name, value in scenario.measure(subject, index).items():
        field = profile.field(name)
        base = not records
        records.append(
            Record(
                bn=f"{subject.subject}/" if base else None,
                profile=subject.profile if base else None,
                n=name,
                u=field.unit if field is not None else None,
                v=value if isinstance(value, float) else None,
                vs=value if isinstance(value, str) else None,
                vb=value if isinstance(value, bool) else None,
            )
        )

    def compose(stamp: Stamp) -> Readings:
        return Readings(**stamp._asdict(), at=at, records=tuple(records))

    if profile.priority == 0:
        return Letter(Channel.URGENT, Kind.URGENT, compose)
    return Letter(Channel.READINGS, Kind.READINGS, compose)


def box_status(
    box: str,
    boot_id: str,
    seq: int,
    at: datetime,
    state: BoxState,
    *,
    version: str,
    subjects: Sequence[SimulatedSubject] = (),
    counters: dict[str, int] | None = None,
) -> Status:
    """Return a status of a simulated box; at most :data:`MAX_BIRTH_SUBJECTS` subjects are named."""
    return Status(
        id=f"{box}/{boot_id}/status/{seq}",
        box=box,
        boot_id=boot_id,
        channel=Channel.STATUS,
        seq=seq,
        at=at,
        state=state,
        versions={"cityloop": version, "role": "simulator"},
        subjects=tuple(
            SubjectBirth(subject=one.subject, profile=one.profile, place=one.place)
            for one in subjects[:MAX_BIRTH_SUBJECTS]
        ),
        counters=dict(counters or {}),
    )
