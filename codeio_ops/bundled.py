"""Directories that come with the package and are no Python packages of it.

In a checkout they lie at its top, where people look for them, and links below `codeio_ops` lead
there; a wheel holds them in place of the links. So one path finds them in both.
"""

from pathlib import Path

_PACKAGE = Path(__file__).parent

# Airflow names DAG files in its pages: by the path that a person opens.
DAGS = (_PACKAGE / "dags").resolve()
"""The folder of the DAG files."""

SANDBOX_IMAGE = _PACKAGE / "sandbox_image"
"""What the sandbox image is built from."""
