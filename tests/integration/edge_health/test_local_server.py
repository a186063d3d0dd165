"""A running box shows figures and previews on its own machine."""

import threading
from collections.abc import Iterator
from pathlib import Path

import cv2
import httpx
import numpy as np
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.contract.runtime.brokers import free_port, wait_until
from tests.integration.edge_agent.in_process import CONFIG, InProcess, box_config

LOGIN = ("preview", "geheim-7")


class Shown:
    """A box in a thread of its own, and a visitor."""

    def __init__(self, folder: Path, config: str = CONFIG) -> None:
        port = free_port()
        (folder / "preview.password").write_text(LOGIN[1] + "\n")
        local = f"local: {{port: {port}, preview_password_file: preview.password}}\n"
        self.box = InProcess(folder, config=box_config(config + local))
        self.box.agent.start()
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20.0)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.is_set():
            # the walk is over after 12 s of its own time; the pictures stay
            self.box.run(0.2)
            self._stop.wait(0.01)

    def close(self) -> None:
        """End everything."""
        self._stop.set()
        self._thread.join(10.0)
        self.client.close()
        self.box.agent.close()

    def samples(self) -> dict[tuple[str, str], float]:
        """Return the figures by name and counter."""
        text = self.client.get("/metrics").text
        return {
            (sample.name.removeprefix("cityloop_edge_"), sample.labels.get("counter", "")): (
                sample.value
            )
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }


@pytest.fixture
def shown(tmp_path: Path) -> Iterator[Shown]:
    """Yield a running box."""
    running = Shown(tmp_path)
    yield running
    running.close()


def test_prometheus_reads_its_figures(shown: Shown) -> None:
    """Frames, messages, memory and the open connection are there and grow."""
    wait_until(
        lambda: shown.samples().get(("camera_events_total", "frames_read"), 0) > 10, "frames"
    )
    found = shown.samples()

    assert found["hub_connected", ""] == 1
    assert found["camera_up", ""] == 1
    assert found["events_total", "enqueued"] > 0
    assert found["memory_bytes", ""] > 1e7
    assert found["disk_free_bytes", ""] > 0


def test_it_says_that_it_is_well(shown: Shown) -> None:
    """A loop that goes round is up."""
    wait_until(lambda: shown.client.get("/healthz").status_code == 200, "healthy")

    assert shown.client.get("/healthz").json()["state"] == "up"


def test_the_preview_is_redacted_and_annotated(shown: Shown) -> None:
    """The coat of the walker is a mosaic, the zone's edge is drawn, the size is the camera's."""
    answer = shown.client.get("/preview/c-1.jpg", auth=LOGIN)
    picture = cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    view = shown.box.agent.cameras[0].view()
    assert view is not None
    raw = view.frame.bgr()

    assert answer.headers["content-type"] == "image/jpeg"
    assert picture.shape == raw.shape
    assert shown.box.agent.counters["previews_made"] >= 1


def test_strangers_see_no_preview(shown: Shown) -> None:
    """Without the password there is neither page nor picture; figures need none."""
    for path in ("/preview", "/preview/c-1.jpg", "/preview/c-1.mjpg"):
        answer = shown.client.get(path)
        assert answer.status_code == 401
        assert "Basic" in answer.headers["www-authenticate"]

    assert shown.client.get("/preview/c-1.jpg", auth=("preview", "wrong")).status_code == 401


def test_a_stream_brings_one_picture_after_the_other(shown: Shown) -> None:
    """Parts of a multipart stream, each a whole JPEG."""
    got = b""
    with shown.client.stream("GET", "/preview/c-1.mjpg", auth=LOGIN) as answer:
        assert answer.headers["content-type"].startswith("multipart/x-mixed-replace")
        for chunk in answer.iter_raw():
            got += chunk
            if got.count(b"content-type: image/jpeg") >= 2:
                break

    assert got.count(b"\xff\xd8\xff") >= 1


def test_the_page_names_every_camera(shown: Shown) -> None:
    """One picture for each, and nothing of other pages."""
    page = shown.client.get("/preview", auth=LOGIN)
    missing = shown.client.get("/preview/c-9.jpg", auth=LOGIN)

    assert 'data-picture="/preview/c-1.jpg"' in page.text
    assert (missing.status_code, shown.client.get("/secret").status_code) == (404, 404)


def test_without_a_password_there_is_no_preview(tmp_path: Path) -> None:
    """Figures are shown, pictures are not."""
    port = free_port()
    box = InProcess(tmp_path, config=box_config(CONFIG + f"local: {{port: {port}}}\n"))
    box.agent.start()
    box.run(1.0)
    try:
        statuses = [
            httpx.get(f"http://127.0.0.1:{port}{path}", timeout=20.0).status_code
            for path in ("/metrics", "/preview", "/preview/c-1.jpg")
        ]
    finally:
        box.agent.close()

    assert statuses == [200, 404, 404]
