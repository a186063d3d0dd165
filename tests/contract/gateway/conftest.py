"""One VictoriaMetrics for all tests of telemetry."""

from collections.abc import Iterator
from shutil import which

import pytest

from tests.contract.gateway.victoria_metrics import VictoriaMetrics


@pytest.fixture(scope="session")
def victoria(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VictoriaMetrics]:
    """Yield one server for the session."""
    if which("victoria-metrics") is None:
        pytest.skip("victoria-metrics is not installed")
    server = VictoriaMetrics(tmp_path_factory.mktemp("victoria"))
    yield server
    server.stop()
