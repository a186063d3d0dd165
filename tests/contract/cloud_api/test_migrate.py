"""Contract of the schema's versions."""

import threading

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text

from cloud_api.bootstrap import Api, build, open_database
from cloud_api.config import ApiConfig, database_url
from cloud_api.database import Lane, open_store
from cloud_api.errors import MigrationError, StoreUnavailable
from cloud_api.migrate import downgrade, newest_version, schema_version, upgrade
from cloud_api.schema import metadata
from runtime.clock import ManualClock
from tests.contract.cloud_api.events import START, body_of, make_event


def test_migrations_make_the_schema(api: Api) -> None:
    """What the scripts make is what the program expects."""
    with api.services.store.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = compare_metadata(context, metadata)

    assert differences == []


def test_two_starts_at_once(empty_url: str) -> None:
    """Processes that start on an empty database wait for each other."""
    stores = [open_database(ApiConfig(database_url=empty_url)) for _ in range(4)]
    versions: list[str] = []

    threads = [
        threading.Thread(target=lambda store=store: versions.append(upgrade(store)))
        for store in stores
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert versions == [newest_version()] * 4
    for store in stores:
        store.dispose()


def test_down_and_up_with_data(api: Api) -> None:
    """The schema can be taken away and made again."""
    api.accept_events(body_of(make_event()))
    api.step(START)
    store = api.services.store

    downgrade(store, "base")
    gone = schema_version(store)
    back = upgrade(store)

    assert (gone, back, schema_version(store)) == (None, newest_version(), newest_version())


def test_an_older_database_gets_its_projections_made_again(
    api: Api, config: ApiConfig, clock: ManualClock
) -> None:
    """What an upgrade adds to the projections is filled from the logs at the next start."""
    api.accept_events(body_of(make_event(1, dedupe="k"), make_event(2)))
    api.step(START)
    before = api.digest()

    downgrade(api.services.store, "0002_devices")
    other = build(config, clock)

    assert before == other.digest()
    other.close()


def test_a_newer_database_is_refused(api: Api) -> None:
    """An older program does not touch what a newer one made."""
    with api.services.store.write(Lane.SCHEMA) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(MigrationError, match="9999"):
        upgrade(api.services.store)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_migration_takes_as_long_as_it_needs(config: ApiConfig) -> None:
    """An index over millions of rows takes minutes; other statements end at the configured timeout."""
    store = open_store(database_url(config), timeout_s=0.1, synchronous="FULL")
    nap = text("SELECT 1 FROM pg_sleep(0.3)")
    with store.write(Lane.SCHEMA) as connection:
        store.unhurried(connection)
        slept = connection.scalar(nap)
    with pytest.raises(StoreUnavailable), store.write(Lane.SCHEMA) as connection:
        connection.scalar(nap)

    assert slept == 1
    store.dispose()
