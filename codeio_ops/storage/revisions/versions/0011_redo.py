"""Redo what is stale: checks of pairs in another image, successors of programs and prompts."""

from codeio_ops.storage.migrate import run_file

revision = "0011"
down_revision = "0008"


def upgrade() -> None:
    """Run the SQL files of this revision."""
    run_file("0011_redo.sql")
    run_file("0011_view_columns.sql")
