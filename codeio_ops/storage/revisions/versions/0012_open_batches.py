"""A budget counts what open batches may still cost."""

from codeio_ops.storage.migrate import run_file

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Run the SQL file of this revision."""
    run_file("0012_open_batches.sql")
