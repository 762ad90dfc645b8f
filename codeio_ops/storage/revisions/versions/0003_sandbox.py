"""Measures of programs, and checks of sandbox images."""

from codeio_ops.storage.migrate import run_file

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Run the SQL file of this revision."""
    run_file("0003_sandbox.sql")
