"""Paid replies, spending, pace and batches of teachers; what revisions and calls are worth."""

from codeio_ops.storage.migrate import run_file

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Run the SQL file of this revision."""
    run_file("0004_teachers.sql")
