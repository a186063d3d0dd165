"""Bringing a database to this program's schema; any number of processes may try at once."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from cloud_api.database import Lane, Store
from cloud_api.errors import MigrationError

__all__ = ["downgrade", "newest_version", "schema_version", "upgrade"]


def _config(connection: Connection | None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config


def newest_version() -> str:
    """Return the schema version that this program works with."""
    return ScriptDirectory.from_config(_config(None)).get_current_head() or ""


def schema_version(store: Store) -> str | None:
    """Return the schema version that a database has; None when it is empty."""
    with store.read() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def upgrade(store: Store) -> str:
    """Bring the database to the newest schema, in one transaction; return the version.

    Two processes that start on an empty database wait for each other: the second finds it done.

    Raises:
        MigrationError: the database was made by a newer program.
        StoreUnavailable: the database does not answer.
    """
    with store.write(Lane.SCHEMA) as connection:
        store.unhurried(connection)
        config = _config(connection)
        script = ScriptDirectory.from_config(config)
        found = MigrationContext.configure(connection).get_current_revision()
        known = {revision.revision for revision in script.walk_revisions()}
        if found is not None and found not in known:
            raise MigrationError(
                f"database: schema version {found} is unknown; expected one of "
                f"{', '.join(sorted(known))}; it was made by a newer program: install that one"
            )
        command.upgrade(config, "head")
        return script.get_current_head() or ""


def downgrade(store: Store, version: str) -> None:
    """Take the database back to an older schema version; ``base`` empties it."""
    with store.write(Lane.SCHEMA) as connection:
        store.unhurried(connection)
        command.downgrade(_config(connection), version)
