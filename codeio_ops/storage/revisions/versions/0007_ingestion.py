"""More kinds of sources, near-duplicates, nights, retention."""

from codeio_ops.storage.migrate import run_file

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Run the SQL file of this revision."""
    run_file("0007_ingestion.sql")
