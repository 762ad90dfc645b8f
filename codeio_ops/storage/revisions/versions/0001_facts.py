"""The facts of the pipeline."""

from codeio_ops.storage.migrate import run_file

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Run the SQL file of this revision."""
    run_file("0001_facts.sql")
