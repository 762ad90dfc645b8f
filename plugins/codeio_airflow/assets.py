"""The assets that join the DAGs. The scheme is ours: Airflow loads no provider for it."""

from airflow.sdk import Asset

RAW_FILES = Asset(name="raw_files", uri="x-codeio://raw_files", group="codeio")
PROGRAMS = Asset(name="programs", uri="x-codeio://programs", group="codeio")
ANSWERS = Asset(name="answers", uri="x-codeio://answers", group="codeio")
RELEASES = Asset(name="releases", uri="x-codeio://releases", group="codeio")
