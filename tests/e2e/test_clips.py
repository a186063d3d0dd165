"""Two real camera clips through edge, hub, gateway and API, as real processes, to filed cases."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from cityloop.audit.collection import audit_run, read_journal_book
from cityloop.stack.api_client import ApiClient, all_revisions
from cityloop.stack.documents import Document, edge_document
from cityloop.stack.loopback import wait_until
from cityloop.stack.plan import StackPlan, plan_stack
from cityloop.stack.stack import Stack

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared"
STREET = SHARED / "media" / "TUD-Stadtmitte.mp4"
CAR_PARK = SHARED / "media" / "car-detection.mp4"
MODEL = SHARED / "models" / "yolox_nano_coco.onnx"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (STREET.exists() and CAR_PARK.exists() and MODEL.exists()),
        reason="the shared clips and model are not beside this checkout",
    ),
]


def _camera(example: str, clip: Path) -> Document:
    document = yaml.safe_load((ROOT / "examples" / f"{example}.yaml").read_text("utf-8"))
    camera: Document = document["cameras"][0]
    camera["source"] = {"file": str(clip), "pace": "fast"}
    if camera["detector"]["kind"] == "onnx":
        camera["detector"]["model"] = str(MODEL)
    return camera


class _Run:
    """A stack that has seen both clips and come to rest."""

    def __init__(self, plan: StackPlan, client: ApiClient) -> None:
        self.plan = plan
        self.client = client
        self.cases = [
            client.get(f"/v1/cases/{case['case_id']}") for case in client.pages("/v1/cases")
        ]

    def of_type(self, event_type: str) -> list[dict[str, Any]]:
        """Return the cases whose events are of a type."""
        return [case for case in self.cases if case["event_type"] == event_type]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[_Run]:
    """Start the stack, show both clips to a box, and wait until everything has arrived."""
    plan = plan_stack(tmp_path_factory.mktemp("stack"))
    stack = Stack(plan, [str(ROOT / "tests" / "e2e" / "packs" / "clips.yaml")])
    stack.prepare()
    try:
        stack.start()
        cameras = [_camera("street", STREET), _camera("car-park", CAR_PARK)]
        box = stack.add_role("edge", "edge", edge_document(plan, cameras=cameras), "run")
        # the box ends by itself once both recordings are over and its messages are acknowledged
        assert box.wait_exit(120.0) == 0, box.log_tail()
        client = stack.client()
        book = read_journal_book(plan.journal, default_district=plan.district)
        wanted = len(book.events)
        assert wanted > 0
        assert wait_until(lambda: len(all_revisions(client)) >= wanted, 30.0)
        yield _Run(plan, client)
        client.close()
    finally:
        stack.stop()


def test_nothing_is_lost_on_the_way(run: _Run) -> None:
    """Ledger, journal and API agree about both clips."""
    book = read_journal_book(run.plan.journal, default_district=run.plan.district)

    report = audit_run(
        ledgers=[run.plan.outbox(run.plan.edge_box)],
        book=book,
        revisions=all_revisions(run.client),
    )

    assert (report.lost, report.duplicates) == (0, 0)


def test_a_loiterer_becomes_a_filed_case(run: _Run) -> None:
    """The street's dwell is a case in step 立案 whose cause names the rule's comparison."""
    case = run.of_type("street.loitering")[0]

    assert case["state"]["id"] == "filed"
    assert case["step"]["zh"] == "核实立案"
    event_id = case["events"][0]["event_id"]
    opened = run.client.get(f"/v1/events/{event_id}")["history"][0]["event"]
    assert (opened["phase"], opened["key"]["camera"]) == ("open", "street")
    assert opened["cause"]["expression"] == "dwell_s >= 2 s"
    assert opened["cause"]["values"]["dwell_s"] >= 2.0


def test_the_loiterers_picture_is_the_one_that_the_event_names(run: _Run) -> None:
    """The case's evidence can be fetched, and its bytes have the hash that the box stated."""
    case = run.of_type("street.loitering")[0]
    evidence = case["evidence"][0]

    answer = httpx.get(
        f"{run.plan.api_url}{evidence['href']}",
        headers={"Authorization": f"Bearer {run.plan.secret('operator.key').read_text().strip()}"},
        timeout=10.0,
    )

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/jpeg"
    assert hashlib.sha256(answer.content).hexdigest() == evidence["sha256"]
    named = {
        item["sha256"]
        for body in all_revisions(run.client)
        if body["event_type"] == "street.loitering"
        for item in body["evidence"]
    }
    assert evidence["sha256"] in named


def test_every_car_of_the_car_park_is_one_event(run: _Run) -> None:
    """Four cars cross the line, two each way (counted by eye): four events in one case."""
    cases = run.of_type("traffic.passage")

    events = [event for case in cases for event in case["events"]]

    assert len(events) == 4
    assert {event["event"]["key"]["camera"] for event in events} == {"car-park"}


def test_a_passing_cars_case_carries_a_picture(run: _Run) -> None:
    """A crossing's evidence is stored at the API under its hash."""
    evidence = [item for case in run.of_type("traffic.passage") for item in case["evidence"]]

    assert evidence
    assert all(item["stored"] for item in evidence)
