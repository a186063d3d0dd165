"""Alembic's scripts: the database's schema, version by version."""
