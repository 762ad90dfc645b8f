"""Current state as views, and lineage."""

from codeio_ops.storage.migrate import run_file

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Run the SQL file of this revision."""
    run_file("0002_views.sql")
