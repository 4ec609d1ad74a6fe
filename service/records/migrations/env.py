"""How alembic runs here: on the connection that it is handed, in that connection's transaction."""

from alembic import context

from service.records.models import Row

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Row.metadata,
    render_as_batch=True,
    compare_type=True,
)
context.run_migrations()
