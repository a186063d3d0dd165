"""The preview in a real browser."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.edge_agent.test_bad_input import with_second
from tests.integration.edge_health.test_local_server import LOGIN, Shown

playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright, an extra of dev")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="needs chromium"),
    # playwright's own event loop is left to the garbage collector
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


@pytest.fixture
def shown(tmp_path: Path) -> Iterator[Shown]:
    """Yield a running box with a camera that gives pictures, and one that gives none."""
    running = Shown(tmp_path, with_second("none.mp4", "{kind: background}"))
    yield running
    running.close()


def test_pictures_come_and_a_camera_without_one_says_so(shown: Shown) -> None:
    """The page asks again and again; a name opens the stream; nothing is wrong in the console."""
    errors: list[str] = []
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(
            viewport={"width": 390, "height": 844},
            locale="zh-CN",
            http_credentials={"username": LOGIN[0], "password": LOGIN[1]},
        )
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"{shown.client.base_url}/preview")
        title = page.inner_text("h1")
        page.wait_for_function("document.querySelector('img[alt=c-1]').naturalWidth > 0")
        first = page.get_attribute("img[alt=c-1]", "src")
        page.wait_for_function(
            "was => document.querySelector('img[alt=c-1]').src !== was", arg=first
        )
        page.wait_for_selector("[data-picture*=c-2] .none:not([hidden])")
        said = page.inner_text("[data-picture*=c-2] .none")
        wide = page.evaluate("document.documentElement.scrollWidth")
        links = page.eval_on_selector_all("a", "all => all.map(one => one.getAttribute('href'))")
        browser.close()

    assert errors == []
    assert (title, said) == ("预览", "没有画面")
    assert wide <= 390
    assert links == ["/preview/c-1.mjpg", "/preview/c-2.mjpg"]
