"""What unit tests share."""

from uuid import UUID

import pytest

from codeio_ops.records import StageRun


@pytest.fixture(scope="session")
def stage_run() -> StageRun:
    """The run that facts of unit tests name."""
    return StageRun(
        stage_run_id=UUID(int=7),
        stage="tests",
        dag_id="tests",
        run_id="tests",
        task_id="tests",
        map_index=-1,
        try_number=1,
        code_version="0",
        settings_sha256="0",
        sandbox_image_digest=None,
    )
