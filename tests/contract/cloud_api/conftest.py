"""One API per test, on each database."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from cloud_api.bootstrap import Api, build
from cloud_api.config import ApiConfig
from runtime.clock import ManualClock
from tests.contract.cloud_api.events import START
from tests.contract.cloud_api.postgres_server import fresh_database, missing, running_server


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """URL of a PostgreSQL server, started once for all tests that want it."""
    reason = missing()
    if reason is not None:
        pytest.skip(reason)
    with running_server() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of an empty database of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/api.sqlite"
        return
    server = request.getfixturevalue("postgres_url")
    with fresh_database(server, f"t{uuid.uuid4().hex[:12]}") as url:
        yield url


@pytest.fixture
def config(database_url: str, tmp_path: Path) -> ApiConfig:
    """A configuration on an empty database."""
    return ApiConfig(
        database_url=database_url, evidence_dir=str(tmp_path / "evidence"), database_timeout_s=5.0
    )


@pytest.fixture
def clock() -> ManualClock:
    """A clock that stands still until told."""
    return ManualClock(START)


@pytest.fixture
def api(config: ApiConfig, clock: ManualClock) -> Iterator[Api]:
    """An API that is driven call by call."""
    built = build(config, clock)
    yield built
    built.close()
