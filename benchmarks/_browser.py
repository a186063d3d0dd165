"""A page loaded by a real Chromium with nothing kept, and what that cost."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import click
from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, sync_playwright

from tests.e2e.console.browsing import FLAGS

__all__ = ["Load", "Seat", "opened_browser", "seated"]

PATIENCE_MS = 120_000

_WATCH = """selector => {
  window.seen_ = null
  const look = () => {
    if (window.seen_ === null && document.querySelector(selector)) {
      window.seen_ = 0
      // the frame after the one in which it was found has drawn it
      requestAnimationFrame(() => requestAnimationFrame(now => {
        window.seen_ = now
        document.documentElement.dataset.seen = 'true'
      }))
    }
  }
  new MutationObserver(look).observe(document, {subtree: true, childList: true, attributes: true})
}"""


class Load(NamedTuple):
    """One load of a page, from the navigation on."""

    seen_ms: float
    """Until what was waited for had been drawn."""
    first_paint_ms: float
    bytes: int
    """Over the wire, heads included."""
    requests: int
    cpu_ms: float
    """Processor's time of the page's own process until then: what other processes do does not count."""


class Seat(NamedTuple):
    """A window of somebody who has logged in."""

    context: BrowserContext
    base: str

    def load(self, path: str, selector: str, *, slower: float = 1.0) -> Load:
        """Load a page in a new tab, and say what it cost until ``selector`` was drawn.

        Args:
            path: below ``/console``.
            selector: of what is waited for.
            slower: how many times slower than it is the processor shall seem.
        """
        page = self.context.new_page()
        tools = self.context.new_cdp_session(page)
        try:
            return self._measured(page, tools, path, selector, slower)
        finally:
            page.close()

    def _measured(
        self, page: Page, tools: CDPSession, path: str, selector: str, slower: float
    ) -> Load:
        sizes: list[int] = []
        tools.on("Network.loadingFinished", lambda done: sizes.append(done["encodedDataLength"]))
        for domain in ("Network", "Performance"):
            tools.send(f"{domain}.enable")
        tools.send("Emulation.setCPUThrottlingRate", {"rate": slower})
        page.add_init_script(f"({_WATCH})({selector!r})")
        before = _process_ms(tools)
        page.goto(f"{self.base}/console{path}", wait_until="commit")
        # by an attribute: the pages' policy lets nobody evaluate text in them
        page.locator("html[data-seen]").wait_for(state="attached", timeout=PATIENCE_MS)
        cpu_ms = _process_ms(tools) - before
        paint = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0"
        seen_ms, first_paint_ms = page.evaluate(f"[window.seen_, {paint}]")
        return Load(seen_ms, first_paint_ms, sum(sizes), len(sizes), cpu_ms)


def _process_ms(tools: CDPSession) -> float:
    """Return the processor's milliseconds that a page's process has had."""
    metrics: list[dict[str, Any]] = tools.send("Performance.getMetrics")["metrics"]
    return next(float(one["value"]) for one in metrics if one["name"] == "ProcessTime") * 1000


@contextmanager
def opened_browser() -> Iterator[Browser]:
    """Yield Debian's Chromium without a window.

    Raises:
        ClickException: there is none.
    """
    found = shutil.which("chromium")
    if found is None:
        raise click.ClickException("no chromium here: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, headless=True, args=FLAGS)
        yield browser
        browser.close()


@contextmanager
def seated(
    browser: Browser, base: str, size: tuple[int, int], cookies: list[Any] | None = None
) -> Iterator[Seat]:
    """Yield a window with nothing kept; ``cookies`` are those of a login."""
    context = browser.new_context(
        locale="zh-CN", viewport={"width": size[0], "height": size[1]}, timezone_id="Asia/Shanghai"
    )
    if cookies is not None:
        context.add_cookies(cookies)
    yield Seat(context, base)
    context.close()
