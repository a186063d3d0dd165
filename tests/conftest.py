"""Settings of every test run."""

import os
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import HealthCheck, settings

# How long an example takes to draw says more of a shared machine than of a test.
settings.register_profile("shared", suppress_health_check=[HealthCheck.too_slow])
# A gate must give the same answer twice; the search for new counter-examples belongs to developers.
settings.register_profile("gate", settings.get_profile("shared"), derandomize=True)
settings.load_profile("gate" if os.environ.get("CI") else "shared")


@pytest.fixture(autouse=True)
def _own_logging() -> Iterator[None]:
    """Put the logging back as it was: a command that runs in this process configures it for all."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)
