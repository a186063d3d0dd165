"""What gateways run of rule packs, and proposals: made by one person, approved by another."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, Row, delete, func, insert, select, update

from cloud_api.database import Lane, Store
from cloud_api.errors import NotFound, ProposalSettled, SelfApproval
from cloud_api.instants import to_us
from cloud_api.packs.tables import gateway_packs, pack_proposals, pack_texts
from contracts.packs import DesiredPack, DesiredPacks, PackInForce, PackReport, pack_sha256

__all__ = ["GatewayPacks", "PackBook", "PackText", "Proposal", "ProposalState"]


class ProposalState(StrEnum):
    """What became of a proposal."""

    PROPOSED = "proposed"
    """A second person has to look at it."""
    APPROVED = "approved"
    """It goes to the gateways."""
    REJECTED = "rejected"
    """A second person said no, or who made it took it back."""


class PackText(msgspec.Struct, frozen=True, kw_only=True):
    """A pack, and the files that its tables are in."""

    text: str
    files: dict[str, str] = {}


class GatewayPacks(NamedTuple):
    """What a gateway last told of its packs; their texts are kept apart."""

    gateway: str
    at_us: int
    report: PackReport


class Proposal(NamedTuple):
    """A change of one pack."""

    proposal: str
    number: int
    pack: str
    base_sha256: str
    """What it was made from; empty: the pack is new."""
    sha256: str
    reason: str
    proposed_by: str
    proposed_at_us: int
    state: ProposalState
    decided_by: str | None
    decided_at_us: int | None
    decision_reason: str | None
    revision: int | None
    """Place among what gateways ask for; None: not approved."""


class PackBook:
    """Packs and proposals in the database."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def take(self, gateway: str, report: PackReport, now: datetime) -> None:
        """Keep what a gateway tells of its packs."""
        bare = tuple(msgspec.structs.replace(one, text="", files={}) for one in report.packs)
        body = msgspec.json.encode(msgspec.structs.replace(report, packs=bare))
        with self._store.write(Lane.REGISTRY) as connection:
            for one in report.packs:
                if one.text and pack_sha256(one.text) == one.sha256:
                    _keep_text(connection, PackText(text=one.text, files=one.files))
            connection.execute(delete(gateway_packs).where(gateway_packs.c.gateway == gateway))
            connection.execute(
                insert(gateway_packs).values(gateway=gateway, at_us=to_us(now), body=body)
            )

    def gateways(self) -> list[GatewayPacks]:
        """Return what every gateway runs, by name."""
        with self._store.read() as connection:
            return [
                GatewayPacks(row.gateway, row.at_us, msgspec.json.decode(row.body, type=PackReport))
                for row in connection.execute(
                    select(gateway_packs).order_by(gateway_packs.c.gateway)
                )
            ]

    def in_force(self) -> dict[str, PackInForce]:
        """Return packs by name as some gateway runs them; the one that spoke last counts."""
        found: dict[str, PackInForce] = {}
        for gateway in sorted(self.gateways(), key=lambda one: one.at_us):
            found |= {pack.name: pack for pack in gateway.report.packs}
        return dict(sorted(found.items()))

    def text(self, sha256: str) -> PackText | None:
        """Return a pack by its hash; None where no gateway and no proposal has told its text."""
        with self._store.read() as connection:
            body = connection.scalar(select(pack_texts.c.body).where(pack_texts.c.sha256 == sha256))
        return None if body is None else msgspec.json.decode(body, type=PackText)

    def propose(
        self, pack: str, base: str, given: PackText, now: datetime, *, by: str, reason: str
    ) -> Proposal:
        """Note a change of a pack.

        Args:
            pack: its name.
            base: hash of what it was made from; empty for a new pack.
            given: the new text.
            now: the moment.
            by: who proposes.
            reason: why.
        """
        with self._store.write(Lane.REGISTRY) as connection:
            _keep_text(connection, given)
            number = 1 + int(connection.scalar(select(func.max(pack_proposals.c.number))) or 0)
            made = Proposal(
                proposal=uuid.uuid4().hex,
                number=number,
                pack=pack,
                base_sha256=base,
                sha256=pack_sha256(given.text),
                reason=reason,
                proposed_by=by,
                proposed_at_us=to_us(now),
                state=ProposalState.PROPOSED,
                decided_by=None,
                decided_at_us=None,
                decision_reason=None,
                revision=None,
            )
            connection.execute(insert(pack_proposals).values(**made._asdict()))
        return made

    def decide(
        self, proposal: str, now: datetime, *, approve: bool, by: str, reason: str
    ) -> Proposal:
        """Approve a proposal, or reject it; who made it may only take it back.

        Raises:
            NotFound: there is no such proposal.
            SelfApproval: who made it would approve it.
            ProposalSettled: it was decided before, or the pack has changed since it was made.
        """
        with self._store.write(Lane.REGISTRY) as connection:
            found = _find(connection, proposal)
            if found.state is not ProposalState.PROPOSED:
                raise ProposalSettled(
                    f"proposal {found.number} of pack {found.pack!r} was {found.state.value} by "
                    f"{found.decided_by}; make a new one"
                )
            revision = None
            if approve:
                if by == found.proposed_by:
                    raise SelfApproval(
                        f"proposal {found.number} of pack {found.pack!r} is yours; a second person "
                        "has to approve it"
                    )
                latest = _latest_approved(connection, found.pack)
                if latest is not None and latest.sha256 != found.base_sha256:
                    raise ProposalSettled(
                        f"pack {found.pack!r} has changed since proposal {found.number} was made "
                        f"(proposal {latest.number}); propose the change again on top of it"
                    )
                revision = 1 + _revision(connection)
            state = ProposalState.APPROVED if approve else ProposalState.REJECTED
            values = {
                "state": state.value,
                "decided_by": by,
                "decided_at_us": to_us(now),
                "decision_reason": reason,
                "revision": revision,
            }
            connection.execute(
                update(pack_proposals).where(pack_proposals.c.proposal == proposal).values(**values)
            )
            return _find(connection, proposal)

    def proposal(self, proposal: str) -> Proposal:
        """Return a proposal.

        Raises:
            NotFound: there is none.
        """
        with self._store.read() as connection:
            return _find(connection, proposal)

    def proposals(
        self, *, pack: str | None = None, state: ProposalState | None = None, limit: int = 100
    ) -> list[Proposal]:
        """Return proposals, newest first."""
        query = select(pack_proposals).order_by(pack_proposals.c.number.desc()).limit(limit)
        if pack is not None:
            query = query.where(pack_proposals.c.pack == pack)
        if state is not None:
            query = query.where(pack_proposals.c.state == state.value)
        with self._store.read() as connection:
            return [_proposal(row) for row in connection.execute(query)]

    def wanted(self) -> dict[str, Proposal]:
        """Return the newest approved proposal of each pack."""
        query = (
            select(pack_proposals)
            .where(pack_proposals.c.revision.is_not(None))
            .order_by(pack_proposals.c.revision)
        )
        with self._store.read() as connection:
            return {row.pack: _proposal(row) for row in connection.execute(query)}

    def revision(self) -> int:
        """Return the revision of the latest approval; 0 before any."""
        with self._store.read() as connection:
            return _revision(connection)

    def desired(self, since: int) -> DesiredPacks:
        """Return the newest approved text of each pack that changed after a revision."""
        newest = [one for one in self.wanted().values() if (one.revision or 0) > since]
        texts = {one.sha256: self.text(one.sha256) for one in newest}
        return DesiredPacks(
            revision=max([since, *(one.revision or 0 for one in newest)]),
            complete=True,
            packs=tuple(_desired(one, texts) for one in newest if texts[one.sha256] is not None),
        )


def _desired(one: Proposal, texts: Mapping[str, PackText | None]) -> DesiredPack:
    found = texts[one.sha256]
    assert found is not None
    return DesiredPack(name=one.pack, sha256=one.sha256, text=found.text, files=found.files)


def _keep_text(connection: Connection, given: PackText) -> None:
    """Keep a pack's text under its hash; files that came later take the place of earlier ones."""
    sha256 = pack_sha256(given.text)
    connection.execute(delete(pack_texts).where(pack_texts.c.sha256 == sha256))
    connection.execute(insert(pack_texts).values(sha256=sha256, body=msgspec.json.encode(given)))


def _find(connection: Connection, proposal: str) -> Proposal:
    row = connection.execute(
        select(pack_proposals).where(pack_proposals.c.proposal == proposal)
    ).one_or_none()
    if row is None:
        raise NotFound(f"proposal {proposal[:40]!r} does not exist; see GET /v1/pack-proposals")
    return _proposal(row)


def _latest_approved(connection: Connection, pack: str) -> Proposal | None:
    row = connection.execute(
        select(pack_proposals)
        .where(pack_proposals.c.pack == pack, pack_proposals.c.revision.is_not(None))
        .order_by(pack_proposals.c.revision.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else _proposal(row)


def _revision(connection: Connection) -> int:
    return int(connection.scalar(select(func.max(pack_proposals.c.revision))) or 0)


def _proposal(row: Row[Any]) -> Proposal:
    values: Sequence[Any] = [getattr(row, name) for name in Proposal._fields]
    return Proposal(*values)._replace(state=ProposalState(row.state))
