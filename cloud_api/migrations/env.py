"""Run by Alembic: uses the connection, transaction and lock that cloud_api.migrate holds."""

from alembic import context

from cloud_api.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
context.run_migrations()
