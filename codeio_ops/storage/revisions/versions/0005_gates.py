"""Benchmarks as indexes, leaks, soft gates and their overrides."""

from codeio_ops.storage.migrate import run_file

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Run the SQL file of this revision."""
    run_file("0005_gates.sql")
