"""The event that refused rule packs are: people must hear that what they wrote is not in force.

A refusal is a record of the journal like the packs themselves, so a replay tells it too.
"""

from typing import Final

import msgspec

from contracts.event import Cause, Event, EventPhase, Title
from contracts.ids import episode_id
from contracts.levels import Level
from contracts.readings import moment

__all__ = ["RULES_REJECTED", "PackNotice", "Refusal", "decode_refusal", "encode_refusal"]

RULES_REJECTED: Final = "system.rules_rejected"
"""Event type, and in place of a rule's id."""
_KEY: Final = {"system": "rules"}
_LONGEST: Final = 400
"""Characters of a reason that are told; the log has all of it."""


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """What the journal holds of packs that were refused, or found good again."""

    reason: str | None
    """File, line, column and what is wrong; None: what is in the files is what is in force."""


class _Open(msgspec.Struct, frozen=True, kw_only=True):
    """The event that is open, as the checkpoint has it."""

    event_id: str
    rev: int
    onset_at: float
    reason: str


_DECODER: Final = msgspec.json.Decoder(Refusal)
_STATE: Final = msgspec.json.Decoder(_Open | None)


def encode_refusal(reason: str | None) -> bytes:
    """Return a refusal, or the end of one, as the payload of a journal record."""
    return msgspec.json.encode(Refusal(reason=None if reason is None else reason[:_LONGEST]))


def decode_refusal(payload: bytes) -> Refusal | None:
    """Return the refusal in a journal record about rules; None where it holds packs."""
    if not payload.startswith(b"{"):
        return None
    try:
        return _DECODER.decode(payload)
    except msgspec.DecodeError:
        return None


class PackNotice:
    """Says that packs are refused, and when they no longer are.

    Args:
        district: district of the event.
    """

    def __init__(self, district: str) -> None:
        self._district = district
        self._open: _Open | None = None

    @property
    def reason(self) -> str | None:
        """Why the packs in the files are refused; None: they are not."""
        return None if self._open is None else self._open.reason

    def take(self, refusal: Refusal, at: float, packs: int) -> list[Event]:
        """Return what there is to say about a refusal at ``at``, or about its end.

        Args:
            refusal: what the journal says.
            at: when, in seconds since 1970.
            packs: how many packs stay in force.
        """
        before = self._open
        if refusal.reason is None:
            if before is None:
                return []
            self._open = None
            return [self._event(before, before.rev + 1, EventPhase.END, at, packs)]
        if before is None:
            event_id = episode_id(RULES_REJECTED, _KEY, moment(at))
            now = _Open(event_id=event_id, rev=0, onset_at=at, reason=refusal.reason)
            phase = EventPhase.OPEN
        elif before.reason == refusal.reason:
            return []
        else:
            now = msgspec.structs.replace(before, rev=before.rev + 1, reason=refusal.reason)
            phase = EventPhase.UPDATE
        self._open = now
        return [self._event(now, now.rev, phase, at, packs)]

    def encode(self) -> bytes:
        """Return the state as bytes."""
        return msgspec.json.encode(self._open)

    def restore(self, blob: bytes) -> None:
        """Take back what :meth:`encode` gave out.

        Raises:
            msgspec.DecodeError: the bytes are none of ours.
        """
        self._open = _STATE.decode(blob)

    def _event(self, one: _Open, rev: int, phase: EventPhase, at: float, packs: int) -> Event:
        over = phase is EventPhase.END
        title = Title(
            zh="规则包恢复正常" if over else f"规则包被拒绝, 原有 {packs} 个仍生效: {one.reason}",
            en="rule packs are good again"
            if over
            else f"rule packs refused, {packs} stay in force: {one.reason}",
        )
        return Event(
            event_id=one.event_id,
            rev=rev,
            event_type=RULES_REJECTED,
            rule=RULES_REJECTED,
            rule_version="1",
            level=Level.YELLOW,
            phase=phase,
            key=dict(_KEY),
            district=self._district,
            onset_at=moment(one.onset_at),
            at=moment(at),
            title=title,
            cause=Cause(
                expression="the packs in the files compile",
                values={"packs_in_force": float(packs), "reason": one.reason},
            ),
            ended_at=moment(at) if over else None,
            dedupe=RULES_REJECTED,
        )
