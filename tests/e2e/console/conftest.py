"""A browser for all pages, a city for those of a file, and visitors.

Each file begins with a dry city, in whatever order files run. The browser ends with this package, not with the session: as
long as Playwright's synchronous interface is open, its event loop runs in this thread, and no other test could run one of its own.
"""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from cloud_api.console.assets import BUILT
from tests.e2e.console.browsing import FLAGS, Visitor
from tests.e2e.console.city import City, build_city

Visit = Callable[..., Visitor]


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Debian's Chromium without a window."""
    found = shutil.which("chromium")
    if found is None:
        pytest.skip("no chromium here: apt-get install chromium")
    if not (BUILT / "index.html").is_file():
        pytest.skip("the console is not built: make console")
    expect.set_options(timeout=30_000)  # machines are slow and shared
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=found, headless=True, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def city(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """A running city, without rain."""
    found = build_city(tmp_path_factory.mktemp("city"))
    try:
        yield found
    finally:
        found.stack.stop()


@pytest.fixture(scope="module")
def rainy_city(city: City) -> City:
    """The same city in which it has begun to rain, once for all tests of a file."""
    city.rain()
    return city


@pytest.fixture(scope="module")
def known() -> dict[str, list[Any]]:
    """Cookies of people who have logged in, by name: a password takes long to check."""
    return {}


@pytest.fixture
def visit(browser: Browser, city: City, known: dict[str, list[Any]]) -> Iterator[Visit]:
    """Return what opens a window for somebody; all are closed at the end."""
    opened: list[Visitor] = []

    def visiting(**options: Any) -> Visitor:
        opened.append(Visitor(browser, city, known=known, **options))
        return opened[-1]

    yield visiting
    for each in opened:
        each.close()


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """The folder of pictures that are not kept."""
    return tmp_path
