"""Only a release that its gates let through is published, and it stays as it is."""

from codeio_ops.storage.migrate import run_file

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Run the SQL file of this revision."""
    run_file("0013_publication.sql")
