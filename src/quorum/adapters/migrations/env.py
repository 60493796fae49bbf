"""Alembic's entry: migrations run on the connection that the store hands over."""

from alembic import context

from quorum.adapters.sql.coordination.tables import effect

context.configure(connection=context.config.attributes["connection"], target_metadata=effect.metadata)
with context.begin_transaction():
    context.run_migrations()
