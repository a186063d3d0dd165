"""Rule packs and proposals on every database."""

from datetime import timedelta

import pytest

from cloud_api.bootstrap import Api
from cloud_api.errors import NotFound, ProposalSettled, SelfApproval
from cloud_api.packs.book import PackBook, PackText, ProposalState
from cloud_api.packs.shelf import PackShelf
from contracts.packs import PackInForce, PackReport, pack_sha256
from tests.contract.cloud_api.events import START

OLD, NEW = PackText(text="rules: []\n"), PackText(text="rules: []\n# new\n", files={"a.csv": "x"})
OLD_SHA, NEW_SHA = pack_sha256(OLD.text), pack_sha256(NEW.text)
LATER = START + timedelta(minutes=5)


@pytest.fixture
def book(api: Api) -> PackBook:
    """Return a book in which one gateway runs the old pack."""
    made = PackBook(api.services.store)
    running = PackInForce(name="flood", sha256=OLD_SHA, text=OLD.text)
    made.take("gw", PackReport(packs=(running,)), START)
    return made


def test_a_second_person_approves_and_gateways_hear_of_it(book: PackBook) -> None:
    """Before the approval nothing is asked of gateways; after it the text with its files is."""
    made = book.propose("flood", OLD_SHA, NEW, START, by="ming", reason="deeper")
    before = book.desired(0)
    book.decide(made.proposal, LATER, approve=True, by="hua", reason="as measured")
    page = book.desired(0)

    assert (before.revision, before.packs) == (0, ())
    assert (page.revision, page.packs[0].text, page.packs[0].files) == (1, NEW.text, {"a.csv": "x"})
    assert book.desired(1).packs == ()


def test_nobody_approves_his_own_proposal(book: PackBook) -> None:
    """He may take it back."""
    made = book.propose("flood", OLD_SHA, NEW, START, by="ming", reason="deeper")
    with pytest.raises(SelfApproval, match="second person"):
        book.decide(made.proposal, LATER, approve=True, by="ming", reason="sure")
    taken = book.decide(made.proposal, LATER, approve=False, by="ming", reason="a mistake")

    assert taken.state is ProposalState.REJECTED
    assert book.revision() == 0


def test_what_is_settled_stays_settled(book: PackBook) -> None:
    """A decision is made once, and a change of an older text is not put over a newer one."""
    first = book.propose("flood", OLD_SHA, NEW, START, by="ming", reason="deeper")
    other = book.propose("flood", OLD_SHA, OLD, START, by="ming", reason="as before")
    book.decide(first.proposal, LATER, approve=True, by="hua", reason="fine")

    with pytest.raises(ProposalSettled, match="approved by hua"):
        book.decide(first.proposal, LATER, approve=False, by="hua", reason="no")
    with pytest.raises(ProposalSettled, match="has changed since"):
        book.decide(other.proposal, LATER, approve=True, by="hua", reason="fine")
    with pytest.raises(NotFound):
        book.decide("0" * 32, LATER, approve=True, by="hua", reason="fine")


def test_a_former_version_is_proposed_again_to_undo(book: PackBook) -> None:
    """It is a change like any other, on top of what is in force."""
    change = book.propose("flood", OLD_SHA, NEW, START, by="ming", reason="deeper")
    book.decide(change.proposal, START, approve=True, by="hua", reason="fine")
    undo = book.propose("flood", NEW_SHA, OLD, LATER, by="hua", reason="too many alarms")
    book.decide(undo.proposal, LATER, approve=True, by="ming", reason="fine")

    assert [pack.sha256 for pack in book.desired(1).packs] == [OLD_SHA]
    assert [one.reason for one in book.proposals(pack="flood")] == ["too many alarms", "deeper"]


def test_the_shelf_tells_what_every_gateway_makes_of_an_approval(book: PackBook) -> None:
    """Pending until it runs, refused where the gateway says why."""
    shelf = PackShelf(book)

    def row() -> tuple[str, str]:
        found = next(
            one for one in shelf.list(LATER, stored_data=False).items if one.name == "flood"
        )
        return found.source, found.runs[0].state

    assert row() == ("own", "own")
    made = book.propose("flood", OLD_SHA, NEW, START, by="ming", reason="deeper")
    book.decide(made.proposal, START, approve=True, by="hua", reason="fine")
    assert row() == ("own", "pending")
    old = PackInForce(name="flood", sha256=OLD_SHA, text=OLD.text)
    book.take("gw", PackReport(packs=(old,), refused="flood.yaml:1:1: no"), LATER)
    assert row() == ("own", "refused")
    new = PackInForce(name="flood", sha256=NEW_SHA, text=NEW.text)
    book.take("gw", PackReport(packs=(new,), revision=1), LATER)
    assert row() == ("approved", "applied")
    assert shelf.text("flood") == (NEW_SHA, PackText(text=NEW.text))
    assert "rules:" in shelf.text("street")[1].text


def test_a_text_that_is_not_what_its_hash_says_is_not_kept(book: PackBook) -> None:
    """A gateway cannot put words under another pack's hash."""
    forged = PackInForce(name="flood", sha256=NEW_SHA, text="rules: [evil]\n")
    book.take("gw", PackReport(packs=(forged,)), LATER)

    assert book.text(NEW_SHA) is None
