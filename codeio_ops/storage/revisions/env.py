"""Alembic environment: online migrations in one transaction, without a config file."""

from alembic import context
from sqlalchemy import create_engine, text

engine = create_engine(context.config.attributes["url"])
with engine.begin() as connection:
    # Two starts at the same time must not migrate twice.
    connection.execute(text("SELECT pg_advisory_xact_lock(7502316)"))
    context.configure(connection=connection, version_table="codeio_schema_version")
    context.run_migrations()
engine.dispose()
