"""The facts of the pipeline."""

from alembic import op

from codeio_ops.storage.queries import SQL_DIRECTORY

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Run the SQL file of this revision."""
    script = (SQL_DIRECTORY / "migrations" / "0001_facts.sql").read_text()
    op.get_bind().exec_driver_sql(script)
