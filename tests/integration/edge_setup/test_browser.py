"""An installer sets up a camera in a real browser: clicks, tests, writes."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.config import load_edge_config
from tests.integration.edge_vision.drawn_video import draw_video

playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright, an extra of dev")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="needs chromium"),
    # playwright's own event loop is left to the garbage collector
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

POINTS = (
    (0.1, 0.9, 114.00010, 30.50000),
    (0.9, 0.9, 114.00020, 30.50000),
    (0.6, 0.4, 114.00020, 30.50036),
    (0.4, 0.4, 114.00010, 30.50036),
    (0.5, 0.55, 114.00015, 30.50014),
)


@pytest.fixture
def command(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Yield the running command and the link that it shows."""
    draw_video(tmp_path / "a.mp4", frames=20)
    process = subprocess.Popen(
        [sys.executable, "-m", "edge", "init", "a.mp4", "--no-open"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    shown = process.stdout.readline()
    found = re.search(r"http\S+", shown)
    assert found, shown
    yield process, found[0]
    process.kill()
    process.communicate()


def test_an_installer_sets_up_a_camera(
    command: tuple[subprocess.Popen[str], str], tmp_path: Path
) -> None:
    """Zone, line, five points, both languages, phone and desk, no error in the console."""
    process, link = command
    errors: list[str] = []
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 800}, locale="zh-CN")
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on(
            "console",
            lambda said: errors.append(said.text) if said.type == "error" else None,
        )
        page.goto(link)
        page.wait_for_selector("#drawing[viewBox]")
        # the picture's own height decides where a click lands
        page.wait_for_load_state("networkidle")
        assert page.inner_text("h1") == "摄像机设置"
        page.wait_for_selector("#problem.todo")
        assert page.inner_text("#problem") == "行政区：尚未填写"
        area = page.locator("#drawing").bounding_box()
        assert area is not None

        def click(x: float, y: float) -> None:
            page.mouse.click(area["x"] + x * area["width"], area["y"] + y * area["height"])

        for corner in ((0.2, 0.5), (0.8, 0.5), (0.7, 0.95), (0.2, 0.95), (0.2, 0.5)):
            click(*corner)
        page.locator("#zones select").select_option("fire_lane")
        page.click("[data-tool=line]")
        click(0.5, 0.85)
        click(0.5, 0.6)
        page.click("[data-tool=ground]")
        for number, (x, y, lon, lat) in enumerate(POINTS):
            click(x, y)
            page.locator("#pairs .row input").nth(2 * number).fill(f"{lon}, {lat}")
        page.wait_for_selector("#drawing .grid")
        page.wait_for_selector("#fit.good")
        page.click("#language-en")
        assert page.inner_text("h1") == "Set up a camera"
        for name, value in (("district", "d-1"), ("site", "s-1"), ("box", "b-1")):
            page.fill(f"#{name}", value)
        page.click("[data-test=camera]")
        page.wait_for_selector("#findings .ok")
        page.click("#language-zh")
        chinese = page.inner_text("#findings .ok")
        page.click("#language-en")
        english = page.inner_text("#findings .ok")
        page.set_viewport_size({"width": 390, "height": 844})
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        page.wait_for_selector("#write:enabled")
        page.click("#write")
        page.wait_for_selector("#written:not([hidden])")
        # the server goes then, and a request of the page that was under way may end without an answer
        told = tuple(errors)
        page.click("#finish")
        code = process.wait(timeout=20.0)
        browser.close()
    camera = load_edge_config(tmp_path / "edge.yaml").cameras[0]

    assert told == ()
    assert "首帧" in chinese
    assert "first frame" in english
    assert code == 0
    assert [zone.kind for zone in camera.zones] == ["fire_lane"]
    assert camera.zones[0].polygon[0] == pytest.approx((0.2, 0.5), abs=0.005)
    assert camera.lines[0].start == pytest.approx((0.5, 0.85), abs=0.005)
    assert [(pair.lon, pair.lat) for pair in camera.calibration] == [
        (lon, lat) for _, _, lon, lat in POINTS
    ]
