"""Current state as views, and lineage."""

from alembic import op

from codeio_ops.storage.queries import SQL_DIRECTORY

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Run the SQL file of this revision."""
    script = (SQL_DIRECTORY / "migrations" / "0002_views.sql").read_text()
    op.get_bind().exec_driver_sql(script)
