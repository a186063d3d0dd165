"""Packs by name, wherever they come from: gateways, approvals, or as they ship."""

from datetime import datetime
from importlib import resources
from typing import Literal

from cloud_api.errors import NotFound
from cloud_api.instants import from_us
from cloud_api.packs.book import GatewayPacks, PackBook, PackText, Proposal, ProposalState
from cloud_api.packs.views import GatewayView, PackList, PackRow, ProposalView, RunView
from contracts.packs import pack_sha256

__all__ = ["PackShelf", "proposal_view"]

_SUFFIX = ".yaml"
Source = Literal["shipped", "approved", "own"]


def _shipped() -> dict[str, str]:
    """Return the packs that ship, by name."""
    folder = resources.files("rules") / "packs"
    return {
        entry.name.removesuffix(_SUFFIX): entry.read_text("utf-8")
        for entry in folder.iterdir()
        if entry.name.endswith(_SUFFIX)
    }


def proposal_view(found: Proposal) -> ProposalView:
    """Return a proposal as it is shown."""
    return ProposalView.model_validate(
        {
            **found._asdict(),
            "state": found.state.value,
            "proposed_at": from_us(found.proposed_at_us),
            "decided_at": None if found.decided_at_us is None else from_us(found.decided_at_us),
        }
    )


class PackShelf:
    """Reads what there is to know of packs.

    Args:
        book: gateways' reports and proposals.
    """

    def __init__(self, book: PackBook) -> None:
        self._book = book
        self._shipped: dict[str, str] | None = None

    @property
    def shipped(self) -> dict[str, str]:
        """Packs that ship, by name; read once."""
        if self._shipped is None:
            self._shipped = _shipped()
        return self._shipped

    def list(self, now: datetime, *, stored_data: bool) -> PackList:
        """Return every pack that a gateway runs, was approved, or ships."""
        running, wanted = self._book.in_force(), self._book.wanted()
        waiting: dict[str, int] = {}
        for one in self._book.proposals(state=ProposalState.PROPOSED, limit=1_000):
            waiting[one.pack] = waiting.get(one.pack, 0) + 1
        gateways = self._book.gateways()
        rows = []
        for name in sorted({*running, *wanted, *waiting, *self.shipped}):
            sha256 = running[name].sha256 if name in running else ""
            approved = wanted.get(name)
            rows.append(
                PackRow(
                    name=name,
                    sha256=sha256,
                    source=self._source(name, sha256, approved),
                    wanted_sha256=None if approved is None else approved.sha256,
                    runs=[_run(gateway, name, approved) for gateway in gateways],
                    proposed=waiting.get(name, 0),
                )
            )
        return PackList(
            items=rows,
            gateways=[
                GatewayView(
                    gateway=one.gateway,
                    at=from_us(one.at_us),
                    packs=len(one.report.packs),
                    refused=one.report.refused,
                )
                for one in gateways
            ],
            stored_data=stored_data,
            now=now,
        )

    def _source(self, name: str, sha256: str, approved: Proposal | None) -> Source:
        if approved is not None and approved.sha256 == sha256:
            return "approved"
        shipped = self.shipped.get(name)
        if shipped is not None and sha256 in {"", pack_sha256(shipped)}:
            return "shipped"
        return "own"

    def text(self, name: str) -> tuple[str, PackText]:
        """Return hash and text of a pack: as it is approved, else as it runs, else as it ships.

        Raises:
            NotFound: nobody has a pack of this name.
        """
        wanted, running = self._book.wanted().get(name), self._book.in_force().get(name)
        for sha256 in (
            "" if wanted is None else wanted.sha256,
            "" if running is None else running.sha256,
        ):
            found = self._book.text(sha256) if sha256 else None
            if found is not None:
                return sha256, found
        if name in self.shipped:
            text = self.shipped[name]
            return pack_sha256(text), PackText(text=text)
        raise NotFound(f"pack {name[:64]!r}: no gateway runs it and none of this name ships")

    def running(self) -> dict[str, PackText]:
        """Return what gateways run, by name; what ships where no gateway has told."""
        packs = self._in_force()
        return packs or {name: PackText(text=text) for name, text in self.shipped.items()}

    def _in_force(self) -> dict[str, PackText]:
        return {
            each: found
            for each, pack in self._book.in_force().items()
            if (found := self._book.text(pack.sha256)) is not None
        }

    def beside(self, name: str, text: str) -> dict[str, PackText]:
        """Return packs as they would be together with this text in the place of one of them."""
        packs = self._in_force()
        try:
            files = self.text(name)[1].files
        except NotFound:
            files = {}
        return packs | {name: PackText(text=text, files=files)}


def _run(gateway: GatewayPacks, name: str, approved: Proposal | None) -> RunView:
    running = next((pack for pack in gateway.report.packs if pack.name == name), None)
    sha256 = None if running is None else running.sha256
    if approved is None:
        state = "own"
    elif sha256 == approved.sha256:
        state = "applied"
    else:
        state = "refused" if gateway.report.refused else "pending"
    return RunView.model_validate({"gateway": gateway.gateway, "sha256": sha256, "state": state})
