"""Settings of every test run."""

import os
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from hypothesis import HealthCheck, settings

# How long an example takes to draw says more of a shared machine than of a test.
settings.register_profile("shared", suppress_health_check=[HealthCheck.too_slow], deadline=None)
# A gate must give the same answer twice; the search for new counter-examples belongs to developers.
settings.register_profile("gate", settings.get_profile("shared"), derandomize=True)
settings.load_profile("gate" if os.environ.get("CI") else "shared")


@pytest.fixture(autouse=True)
def _own_logging() -> Iterator[None]:
    """Put the logging back as it was: a command that runs in this process configures it for all."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let `make test ARGS=--record-seconds` write down how long each file takes."""
    parser.addoption(
        "--record-seconds",
        action="store_true",
        help="write how long the tests of each file took to tests/seconds.json, which the order of running follows",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Keep logs out of what commands print, and count the seconds in the process that hears of all tests."""
    # unconfigured, structlog prints to what sys.stdout is at the time: a thread that a failed test left
    # behind would write into the JSON of another test's command
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.__stderr__))
    if config.getoption("record_seconds") and not hasattr(config, "workerinput"):
        from tests.running_order import SecondsOfFiles  # noqa: PLC0415 - it needs xdist, which not every environment has

        config.pluginmanager.register(SecondsOfFiles())


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Return the order of whole files where several workers run; nothing for other ways to share."""
    if config.getvalue("dist") != "loadfile":
        return None
    from tests.running_order import RunningOrder  # noqa: PLC0415 - it needs xdist, which not every environment has

    return RunningOrder(config, log)
