"""One API per test, on each database.

Making the schema takes longer than most tests: it is made once for each kind of database, and copied for each test.
"""

import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from cloud_api.bootstrap import Api, build, open_database
from cloud_api.config import ApiConfig
from cloud_api.migrate import upgrade
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


def _upgraded(url: str) -> str:
    store = open_database(ApiConfig(database_url=url))
    upgrade(store)
    store.dispose()
    return url


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the schema and nothing in it; to be copied."""
    path = tmp_path_factory.mktemp("schema") / "api.sqlite"
    _upgraded(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def migrated_database(postgres_url: str) -> Iterator[str]:
    """Name of a PostgreSQL database with the schema and nothing in it; to be copied."""
    name = "schema"
    with fresh_database(postgres_url, name) as url:
        _upgraded(url)
        yield name


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of a database of each kind, with the newest schema and nothing in it."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("migrated_file"), tmp_path / "api.sqlite")
        yield f"sqlite:///{tmp_path}/api.sqlite"
        return
    schema = request.getfixturevalue("migrated_database")
    server = request.getfixturevalue("postgres_url")
    with fresh_database(server, f"t{uuid.uuid4().hex[:12]}", schema) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of a database of each kind without any schema."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/empty.sqlite"
        return
    server = request.getfixturevalue("postgres_url")
    with fresh_database(server, f"e{uuid.uuid4().hex[:12]}") as url:
        yield url


@pytest.fixture
def config(database_url: str, tmp_path: Path) -> ApiConfig:
    """A configuration on a database without data."""
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
