"""Takedowns and the order of rows in a release."""

from codeio_ops.storage.migrate import run_file

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Run the SQL file of this revision."""
    run_file("0006_releases.sql")
