"""A box offers pictures for review: redacted, within its budget, to a real server."""

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import cv2
import msgspec
import numpy as np
import pytest

from contracts.review import ReviewItem, ReviewReason, network_name
from edge.second_look.post import ReviewPost
from tests.blob_network import write_blob_network
from tests.integration.edge_model_store.model_box import MODEL, ModelBox, drive
from tests.integration.edge_model_store.registry_server import served
from tests.unit.models_learning.pictures import item

pytestmark = [pytest.mark.slow]


SURE_AND_UNSURE = """  detector: {kind: onnx, model: own.onnx, classes: [car]}
  further_models:
  - {id: fire, every_s: 1, prefix: far-, detector: {kind: onnx, model: smoke.onnx, bundle: red-finder}}"""
SMOKE = ("smoke", "dust")


class Queue:
    """What a server was given, and how it answers."""

    def __init__(self) -> None:
        self.items: list[ReviewItem] = []
        self.status = 200
        self.url = ""


@contextmanager
def queue_served() -> Iterator[Queue]:
    """Yield a server that takes reviews, on a free port of this machine."""
    queue = Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if queue.status == 200:
                queue.items += msgspec.json.decode(body, type=dict[str, list[ReviewItem]])["items"]
            self.send_response(queue.status)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_words: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    queue.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield queue
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def waiting_in(folder: Path) -> list[ReviewItem]:
    """Return the descriptions that wait to be sent."""
    return [
        msgspec.json.decode(path.read_bytes(), type=ReviewItem)
        for path in sorted((folder / "reviews").glob("*.json"))
    ]


def test_a_disputed_frame_is_offered_redacted(tmp_path: Path) -> None:
    """A candidate that names things otherwise makes the box choose a picture; it leaves pixelated."""
    with served() as registry:
        box = ModelBox(tmp_path, registry, drive(30.0), more="second_look: {gap_s: 5}")
        content = box.pack("2.0.0", 9, network={"class_id": 1})
        registry.bundles[MODEL, "2.0.0"] = content
        sha256 = hashlib.sha256(content).hexdigest()
        ref = {"version": "2.0.0", "sha256": sha256, "size_bytes": len(content), "share": 1.0}
        box.desire({"candidate": ref})
        box.run(4.0)
        waiting = waiting_in(tmp_path)
        box.agent.close()

    assert [one.reason for one in waiting] == [ReviewReason.DISAGREEMENT]
    assert (waiting[0].camera, waiting[0].redacted) == ("c-1", True)
    assert [found.label for found in waiting[0].boxes] == ["car"]
    picture = cv2.imdecode(
        np.frombuffer(box.store.pictures[waiting[0].evidence], np.uint8), cv2.IMREAD_COLOR
    )
    assert picture is not None
    assert picture.shape[:2] == (waiting[0].height, waiting[0].width)


def test_what_a_further_model_is_unsure_of_is_offered_as_its_own(tmp_path: Path) -> None:
    """Its id, its network and its own class names go with the picture; the sure first model offers none."""
    write_blob_network(tmp_path / "smoke.onnx", labels=SMOKE, score=0.47)
    with served() as registry:
        more = "second_look: {gap_s: 5}"
        box = ModelBox(tmp_path, registry, drive(30.0), more=more, detectors=SURE_AND_UNSURE)
        box.run(12.0)
        waiting = waiting_in(tmp_path)
        told = {state.label for said in box.tracks for state in said.tracks}
        box.agent.close()

    assert told == {"car", "far-smoke"}
    assert len(waiting) >= 2
    assert {one.reason for one in waiting} == {ReviewReason.LOW_CONFIDENCE}
    assert {one.further_model for one in waiting} == {"fire"}
    assert {network_name(one.model) for one in waiting} == {"smoke"}
    assert {found.label for one in waiting for found in one.boxes} == {"smoke"}
    assert all(one.evidence in box.store.pictures for one in waiting)


def test_a_candidate_in_a_further_models_shadow_disputes_that_model(tmp_path: Path) -> None:
    """What it names otherwise is a hard picture of the further model, not of the camera's first."""
    write_blob_network(tmp_path / "smoke.onnx", labels=SMOKE)
    with served() as registry:
        more = "second_look: {gap_s: 5}"
        box = ModelBox(tmp_path, registry, drive(30.0), more=more, detectors=SURE_AND_UNSURE)
        content = box.pack("2.0.0", 9, network={"labels": SMOKE, "class_id": 1})
        registry.bundles[MODEL, "2.0.0"] = content
        sha256 = hashlib.sha256(content).hexdigest()
        ref = {"version": "2.0.0", "sha256": sha256, "size_bytes": len(content), "share": 1.0}
        box.desire({"candidate": ref})
        box.run(8.0)
        waiting = waiting_in(tmp_path)
        box.agent.close()

    assert {(one.reason, one.further_model) for one in waiting} == {
        (ReviewReason.DISAGREEMENT, "fire")
    }


def test_a_spent_budget_chooses_nothing_more(tmp_path: Path) -> None:
    """Beyond the bytes of a day, hard pictures are counted and not made."""
    with served() as registry:
        own = {"score": 0.47}
        more = "second_look: {gap_s: 1, budget_bytes: 10000}"
        box = ModelBox(tmp_path, registry, drive(60.0), more=more, own=own)
        box.run(30.0)
        counters = dict(box.agent.counters)
        box.agent.close()

    assert counters["hard_chosen"] >= 2
    assert counters["hard_over_budget"] >= 5
    sizes = [len(box.store.pictures[one.evidence]) for one in waiting_in(tmp_path)]
    assert len(sizes) == counters["hard_chosen"]
    assert sum(sizes) - max(sizes) < 10_000


def test_what_waits_is_sent_once_the_api_is_back(tmp_path: Path) -> None:
    """A 503 keeps it on disk; a 422 will never be otherwise and drops it."""
    with queue_served() as queue:
        post = ReviewPost(tmp_path / "reviews", queue.url, None, timeout_s=5.0)
        post.put(item(1))
        queue.status = 503
        kept = post.send()
        queue.status = 200
        sent = post.send()
        post.put(item(2))
        queue.status = 422
        post.send()
        post.close()

    assert (kept, sent) == (False, True)
    assert [one.id for one in queue.items] == ["b-1-1"]
    assert post.counters == {"hard_sent": 1, "hard_dropped": 1}
    assert list((tmp_path / "reviews").glob("*.json")) == []
