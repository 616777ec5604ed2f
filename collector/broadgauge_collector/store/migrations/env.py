"""Alembic's entry point: runs in the transaction that ControlStore opened."""

from alembic import context

from broadgauge_collector.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
)
context.run_migrations()
