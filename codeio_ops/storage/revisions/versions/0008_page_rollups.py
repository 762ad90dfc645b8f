"""What the pages in the Airflow UI read: rollups, search facets, indexes, failures."""

from codeio_ops.storage.migrate import run_file

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Run the SQL file of this revision."""
    run_file("0008_page_rollups.sql")
