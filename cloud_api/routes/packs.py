"""Rule packs: list, text, check, back-test; proposals that a second person approves; what gateways ask for."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from cloud_api.access import Gate, Require
from cloud_api.errors import (
    Forbidden,
    InvalidInput,
    MalformedJson,
    NotFound,
    ProposalSettled,
    SelfApproval,
    StoreUnavailable,
    ToolMissing,
    TrialsBusy,
    TrialTooLong,
    Unauthenticated,
    UnsupportedMedia,
)
from cloud_api.keys import Identity, Role
from cloud_api.packs.book import PackBook, PackText, ProposalState
from cloud_api.packs.shelf import PackShelf, proposal_view
from cloud_api.packs.trial import TrialData, back_test, check_packs
from cloud_api.packs.views import (
    CheckBody,
    CheckView,
    DecisionBody,
    PackDetail,
    PackList,
    ProposalBody,
    ProposalDetail,
    ProposalList,
    ProposalView,
    TrialBody,
    TrialView,
)
from cloud_api.routes.answers import documented
from cloud_api.routes.devices import POLL, json_answer, not_modified
from cloud_api.services import Services
from contracts.packs import PACK_NAME

__all__ = ["packs_router"]

_PackPath = Annotated[str, Path(pattern=PACK_NAME, description="Name of the pack.")]
_ProposalPath = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$", description="Id of the proposal.")]
_READING = (Unauthenticated, Forbidden, InvalidInput, StoreUnavailable)
_WRITING = (*_READING, MalformedJson, UnsupportedMedia)
_TRYING = (TrialsBusy, TrialTooLong, ToolMissing)
_MOST_EVENTS = 500


def packs_router(services: Services, gate: Gate) -> APIRouter:
    """Return the routes below ``/v1/packs``, ``/v1/pack-proposals`` and ``/v1/desired-packs``."""
    router = APIRouter(tags=["packs"])
    book = PackBook(services.store)
    shelf = PackShelf(book)
    _reading_routes(router, services, gate, book, shelf)
    _trying_routes(router, services, gate, shelf)
    _proposal_routes(router, services, gate, book, shelf)
    return router


def _reading_routes(
    router: APIRouter, services: Services, gate: Gate, book: PackBook, shelf: PackShelf
) -> None:
    reader = Annotated[Identity, Depends(gate.read)]
    poller = Annotated[Identity, Depends(Require(services.callers, POLL))]

    @router.get(
        "/v1/packs",
        summary="List rule packs: what ships, what was approved, what gateways run",
        responses=documented(*_READING),
    )
    def get_packs(_caller: reader) -> PackList:
        """Return every pack by name, and every gateway."""
        stored = services.config.trials.data is not None
        return shelf.list(services.clock.now(), stored_data=stored)

    @router.get(
        "/v1/packs/{pack}",
        summary="Read a pack's text and its proposals",
        responses=documented(*_READING, NotFound),
    )
    def get_pack(pack: _PackPath, _caller: reader) -> PackDetail:
        """Return it as it was approved last, else as gateways run it, else as it ships."""
        sha256, found = shelf.text(pack)
        return PackDetail(
            name=pack,
            sha256=sha256,
            text=found.text,
            files=sorted(found.files),
            proposals=[proposal_view(one) for one in book.proposals(pack=pack)],
        )

    @router.get(
        "/v1/desired-packs",
        summary="Follow approved packs: what changed after a revision",
        response_class=Response,
        responses={304: {"description": "Nothing changed."}, **documented(*_READING)},
    )
    def get_desired(
        request: Request,
        _caller: poller,
        since: Annotated[int, Query(ge=0)] = 0,
        _districts: Annotated[str | None, Query(alias="districts", max_length=4000)] = None,
    ) -> Response:
        """Return approved packs, for gateways; the ETag is the revision of the latest approval."""
        unchanged = not_modified(request, book.revision())
        if unchanged is not None:
            return unchanged
        page = book.desired(since)
        return json_answer(page, headers={"ETag": f'"{page.revision}"'})


def _trying_routes(router: APIRouter, services: Services, gate: Gate, shelf: PackShelf) -> None:
    actor = Annotated[Identity, Depends(gate.act)]

    @router.post(
        "/v1/packs/{pack}/check",
        summary="Say what is wrong in a pack, where, and what to do",
        responses=documented(*_WRITING, *_TRYING),
    )
    def check(pack: _PackPath, asked: CheckBody, _caller: actor) -> CheckView:
        """Return errors and warnings, as ``cityloop rules check`` tells them beside what runs."""
        return _checked(services, shelf, pack, asked.text)

    @router.post(
        "/v1/packs/{pack}/trial",
        summary="Say what a pack would have raised, and what the change does to the alarms",
        responses=documented(*_WRITING, *_TRYING),
    )
    def trial(pack: _PackPath, asked: TrialBody, _caller: actor) -> TrialView:
        """Return what ``cityloop rules replay`` and ``diff`` find on stored or uploaded readings."""
        try:
            old: PackText | None = shelf.text(pack)[1]
        except NotFound:
            old = None
        data = TrialData(
            table=asked.table,
            mapping=asked.mapping,
            since=None if asked.since is None else asked.since.isoformat(),
            until=None if asked.until is None else asked.until.isoformat(),
        )
        new = PackText(text=asked.text, files={} if old is None else old.files)
        found, compared = back_test(services.bench, old, new, data)
        return TrialView.model_validate(
            {
                name: found[name]
                for name in ("records", "first_at", "last_at", "count", "by_rule", "unusable")
            }
            | {"events": found["events"][:_MOST_EVENTS], "comparison": compared}
        )


def _checked(services: Services, shelf: PackShelf, pack: str, text: str) -> CheckView:
    findings = check_packs(services.bench, shelf.beside(pack, text), pack)
    errors = sum(one["severity"] == "error" for one in findings)
    return CheckView.model_validate(
        {"errors": errors, "warnings": len(findings) - errors, "findings": findings}
    )


def _proposal_routes(
    router: APIRouter, services: Services, gate: Gate, book: PackBook, shelf: PackShelf
) -> None:
    reader = Annotated[Identity, Depends(gate.read)]
    actor = Annotated[Identity, Depends(gate.act)]

    @router.post(
        "/v1/packs/{pack}/proposals",
        summary="Propose a change of a pack",
        status_code=201,
        responses=documented(*_WRITING, *_TRYING),
    )
    def propose(pack: _PackPath, asked: ProposalBody, caller: actor) -> ProposalView:
        """Note a pack without errors; nothing changes before a second person has approved it."""
        checked = _checked(services, shelf, pack, asked.text)
        if checked.errors:
            first = next(one for one in checked.findings if one.severity == "error")
            raise InvalidInput(
                f"pack {pack!r}: line {first.line}, column {first.column}: {first.message}",
                members={"findings": [one.model_dump() for one in checked.findings[:50]]},
            )
        made = book.propose(
            pack,
            asked.base_sha256,
            shelf.beside(pack, asked.text)[pack],
            services.clock.now(),
            by=caller.name,
            reason=asked.reason,
        )
        return proposal_view(made)

    @router.get(
        "/v1/pack-proposals",
        summary="List proposals, newest first",
        responses=documented(*_READING),
    )
    def get_proposals(
        _caller: reader,
        pack: Annotated[str | None, Query(pattern=PACK_NAME)] = None,
        state: ProposalState | None = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> ProposalList:
        """Return who proposed what and what became of it."""
        found = book.proposals(pack=pack, state=state, limit=limit)
        return ProposalList(items=[proposal_view(one) for one in found])

    @router.get(
        "/v1/pack-proposals/{proposal}",
        summary="Read a proposal with its texts",
        responses=documented(*_READING, NotFound),
    )
    def get_proposal(proposal: _ProposalPath, _caller: reader) -> ProposalDetail:
        """Return the proposed text and the one that it was made from."""
        found = book.proposal(proposal)
        text, base = book.text(found.sha256), book.text(found.base_sha256)
        shipped = shelf.shipped.get(found.pack, "")
        return ProposalDetail(
            **proposal_view(found).model_dump(),
            text="" if text is None else text.text,
            base_text=base.text if base is not None else shipped if found.base_sha256 else "",
        )

    @router.post(
        "/v1/pack-proposals/{proposal}/decision",
        summary="Approve a proposal as a second person, or reject it",
        responses=documented(*_WRITING, NotFound, SelfApproval, ProposalSettled),
    )
    def decide(proposal: _ProposalPath, asked: DecisionBody, caller: actor) -> ProposalView:
        """Approved, it goes to the gateways at once. Who made it may take it back, never approve it."""
        found = book.proposal(proposal)
        own = caller.name == found.proposed_by
        if caller.role is not Role.ADMIN and not (own and not asked.approve):
            raise Forbidden(
                f"{caller.kind} {caller.name!r} has role {caller.role}; proposals of others are decided "
                "by administrators"
            )
        decided = book.decide(
            proposal,
            services.clock.now(),
            approve=asked.approve,
            by=caller.name,
            reason=asked.reason,
        )
        return proposal_view(decided)
