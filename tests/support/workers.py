"""Skips what needs Celery's workers where their programs or libraries are not installed."""

import pytest

from codeio_ops.errors import CodeIOError
from codeio_ops.extras import require
from codeio_ops.local.programs import require_programs


def _missing() -> str:
    try:
        require("celery")
        require_programs()
    except CodeIOError as exc:
        return f"{exc}: {exc.cure}"
    return ""


needs_workers = pytest.mark.skipif(bool(_missing()), reason=_missing())
