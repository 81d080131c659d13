"""What Alembic runs around the steps; only Alembic itself can import this."""

from alembic import context

# SQLite, too, can undo what it did to tables; the caller's transaction holds all.
context.configure(
    connection=context.config.attributes["connection"], transactional_ddl=True
)
with context.begin_transaction():
    context.run_migrations()
