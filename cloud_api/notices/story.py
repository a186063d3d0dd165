"""A story: one entry of a case's log that somebody is told of."""

import uuid

from cloud_api.case_projection import Case
from cloud_api.case_record import SYSTEM, Record
from cloud_api.notices.occasions import Occasion
from cloud_api.notices.plan import Language
from cloud_api.notices.templates import facts_of
from cloud_api.system_reasons import read_reason

__all__ = ["TRACKING_MARK", "Story"]

TRACKING_MARK = "{{tracking}}"
"""Stands in the log for a reporter's tracking code, which is put in as the message leaves."""

_NAMESPACE = uuid.UUID("6f6b8a5e-0d6c-5b1a-9d61-8f0b1f5f9c11")


class Story:
    """One record of a case's log, and the case after it."""

    def __init__(self, record: Record, occasion: Occasion, case: Case, parent: str) -> None:
        self.record = record
        self.occasion = occasion
        self.case = case
        self.parent = parent

    def facts(self, language: Language, utc_offset_minutes: int, tracking: str) -> dict[str, str]:
        """Return what a template may name."""
        return facts_of(
            self.case,
            language,
            actor=self.record.actor,
            reason=self._reason(language),
            at_us=self.record.at_us,
            utc_offset_minutes=utc_offset_minutes,
            parent=self.parent,
            tracking=tracking,
        )

    def _reason(self, language: Language) -> str:
        """Return why; what the system says in the language, what people wrote as it is."""
        record = self.record
        read = read_reason(record.reason) if record.actor == SYSTEM else None
        return record.reason if read is None or language is Language.EN else read.zh

    def notice_id(self, *parts: object) -> str:
        """Return the id of a notice about it: UUIDv5, so that reading twice says nothing twice."""
        record = self.record
        name = "/".join(str(part) for part in (record.case_id, record.version, *parts))
        return str(uuid.uuid5(_NAMESPACE, name))
