"""Settings of every test run."""

import os
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import settings

# A gate must give the same answer twice; the search for new counter-examples belongs to developers.
settings.register_profile("gate", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("gate")


@pytest.fixture(autouse=True)
def _own_logging() -> Iterator[None]:
    """Put the logging back as it was: a command that runs in this process configures it for all."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)
