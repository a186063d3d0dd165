"""Putting changed packs in force through the journal, and saying so where they are refused."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime

import structlog

from contracts.event import Event
from gateway.errors import PacksError
from gateway.pack_notice import encode_refusal
from gateway.prepared import Outcome
from gateway.rule_host import RuleHost
from gateway.rule_packs import PackFiles, encode_packs, packs_digest
from runtime.errors import ConfigError
from runtime.journal import JournalKind

__all__ = ["PackWatch", "Record"]

Record = Callable[[JournalKind, bytes, datetime, str], Outcome | None]
"""Journals a record and lets the state see it; None: it cannot now, which is logged as the fact given."""


class PackWatch:
    """Watches the files of the packs.

    Args:
        name: name of the gateway, for the log.
        files: the files.
        host: what the packs are in force in.
        counters: the worker's counters.
    """

    def __init__(self, name: str, files: PackFiles, host: RuleHost, counters: Counter[str]) -> None:
        self.files = files
        self._host = host
        self._counters = counters
        self._log = structlog.get_logger().bind(gateway=name)

    def load(self, record: Record, now: datetime, *, starting: bool) -> list[Event]:
        """Put changed files in force; bad ones change nothing. Return what is to be told.

        Args:
            record: journals what happens.
            now: the moment.
            starting: whether the gateway is only starting, and has to have rules.

        Raises:
            PacksError: no rules are in force and the packs are refused.
        """
        if not self.files.changed() and not starting:
            return []
        try:
            sources = self.files.read()
            self._host.compile(sources)
        except ConfigError as error:
            self._counters["packs_refused"] += 1
            if starting and not self._host.packs:
                raise PacksError(
                    f"no rules are in force and the packs are refused: {error}"
                ) from error
            self._log.error("packs_refused", error=str(error), kept=len(self._host.packs))
            return self._tell(str(error), record, now)
        if packs_digest(sources) == packs_digest(self._host.packs):
            return [] if self._host.notice.reason is None else self._tell(None, record, now)
        outcome = record(JournalKind.RULES, encode_packs(sources), now, "packs_not_journalled")
        if outcome is None:
            self.files.forget()
            return []
        self._counters["packs_loaded"] += 1
        self._log.info("packs_loaded", packs=[source.name for source in sources])
        return outcome.events

    def _tell(self, reason: str | None, record: Record, now: datetime) -> list[Event]:
        """Raise the event that packs are refused, or end it."""
        body = encode_refusal(reason)
        outcome = record(JournalKind.RULES, body, now, "refusal_not_journalled")
        if outcome is None:
            self.files.forget()
            return []
        return outcome.events
