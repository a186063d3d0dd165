"""What a person at a browser does, and what a checker of accessibility sees."""

import json
import os
import re
from pathlib import Path
from typing import Any, Protocol

from playwright.sync_api import Browser, Page, expect

from cloud_api.console.building import WEB
from tests.e2e.console.city import PASSWORD

__all__ = ["FLAGS", "FRAMES", "IMAGES", "Served", "Visitor", "told"]

IMAGES = Path(__file__).parents[3] / "docs" / "images" / "console"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # maps draw with WebGL, which a machine without a graphics card does in software
    "--enable-unsafe-swiftshader",
]
"""How Chromium is started here: as it can be by root, with nothing that asks the internet."""

FRAMES = """seconds => new Promise(done => {
  const gaps = []; let last = performance.now(); const end = last + seconds * 1000
  const step = now => { gaps.push(now - last); last = now; now < end ? requestAnimationFrame(step) : done(gaps) }
  requestAnimationFrame(step)
})"""
"""What a browser is asked: how long each frame takes, milliseconds."""

DESKTOP = (1440, 900)
PHONE = (390, 844)
_AXE = WEB / "node_modules" / "axe-core" / "axe.min.js"
_LEAVE = re.compile("退出|Log out")
_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


class Served(Protocol):
    """Whatever serves a console."""

    @property
    def url(self) -> str:
        """Its base address."""
        ...


class Visitor:
    """Somebody with a browser window of his own; its errors are collected.

    Args:
        browser: where the window opens.
        city: whose console he looks at.
        language: ``zh-CN`` or ``en-GB``, as his browser says.
        size: of the window, pixels.
        dark: whether his machine prefers dark colours.
        base: another address of the same console, as through a proxy.
        known: cookies of people who have logged in already, by name; added to.
    """

    def __init__(
        self,
        browser: Browser,
        city: Served,
        *,
        language: str = "zh-CN",
        size: tuple[int, int] = DESKTOP,
        dark: bool = False,
        base: str | None = None,
        known: dict[str, list[Any]] | None = None,
    ) -> None:
        self.base = base or city.url
        self._known = {} if known is None else known
        self.context = browser.new_context(
            locale=language,
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if dark else "light",
            timezone_id="Asia/Shanghai",
        )
        self.context.set_default_timeout(30_000)
        self.page: Page = self.context.new_page()
        self.faults: list[str] = []
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on(
            "console",
            lambda line: self.faults.append(line.text) if line.type == "error" else None,
        )

    def go(self, path: str) -> Page:
        """Open a path of the console and return the page."""
        self.page.goto(f"{self.base}/console{path}")
        return self.page

    def log_in(self, name: str, to: str = "/") -> Page:
        """Open a path, log in on the way, and return the page there."""
        self.go(to)
        self.page.locator("#name").fill(name)
        self.page.locator("#password").fill(PASSWORD)
        self.page.locator("form button[type=submit]").click()
        expect(self.page.locator("#password")).to_have_count(0)
        # The question who is here was refused before he logged in: the browser notes that.
        self.faults.clear()
        return self.page

    def enter(self, name: str, to: str = "/") -> Page:
        """Open a path as somebody who has logged in before, and return the page there."""
        if name not in self._known:
            answer = self.context.request.post(
                f"{self.base}/v1/login", data={"name": name, "password": PASSWORD}
            )
            assert answer.ok, answer.text()
            self._known[name] = list(self.context.cookies())
        self.context.add_cookies(self._known[name])
        self.go(to)
        # who has no page of his role has no navigation either
        expect(self.page.get_by_role("button", name=_LEAVE)).to_be_visible()
        return self.page

    def violations(self) -> list[dict[str, Any]]:
        """Return what axe-core finds wrong with the page by WCAG 2.2 AA."""
        self.page.evaluate(_AXE.read_text("utf-8"))
        found = self.page.evaluate(
            "tags => axe.run(document, {runOnly: {type: 'tag', values: tags}})", _TAGS
        )
        return [
            {
                "id": each["id"],
                "help": each["help"],
                "nodes": [n["html"] for n in each["nodes"]][:5],
            }
            for each in found["violations"]
        ]

    def overflow_px(self) -> int:
        """Return how many pixels the page is wider than its window."""
        width = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        return int(self.page.evaluate(width))

    def picture(self, name: str, folder: Path) -> bytes:
        """Take a picture; with CITYLOOP_UPDATE_IMAGES set it goes into the documentation."""
        path = (IMAGES if os.environ.get("CITYLOOP_UPDATE_IMAGES") else folder) / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        return self.page.screenshot(path=path, animations="disabled")

    def close(self) -> None:
        """Close the window."""
        self.context.close()


def told(violations: list[dict[str, Any]]) -> str:
    """Return violations as text for a failed test."""
    return json.dumps(violations, indent=1, ensure_ascii=False)
