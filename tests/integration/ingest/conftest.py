"""A platform to ingest into, and files to ingest."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from codeio_ops.config import Settings
from support.ingesting import Platform, open_platform, program

CONTENT = """
SELECT 'raw_file', raw_file_id::text, blob_sha256 FROM codeio.raw_file
UNION ALL SELECT 'origin', origin_id::text, path FROM codeio.raw_file_origin
UNION ALL SELECT 'blob', sha256, size_bytes::text FROM codeio.blob
UNION ALL SELECT 'drop', subject_id::text, reason FROM codeio.drop_record
UNION ALL SELECT 'dedup', subject_id::text, cluster_id::text FROM codeio.dedup_result
ORDER BY 1, 2, 3
"""


def files(count: int) -> dict[str, str]:
    """Return modules by name: some are copies of others, and one is too small."""
    copies = {f"copy_{n}": f"# a copy\n{program(n)}" for n in range(1, 4)}
    return {f"module_{n}": program(n) for n in range(1, count)} | copies | {"tiny": "x = 1\n"}


@pytest.fixture
def platform(settings: Settings) -> Iterator[Platform]:
    """Return an empty platform."""
    opened = open_platform(settings)
    yield opened
    opened.store.close()


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes files below a directory and returns the directory."""

    def write_files(directory: str, **files: str) -> Path:
        root = tmp_path / directory
        for name, content in files.items():
            path = root / f"{name}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        return root

    return write_files


@pytest.fixture(scope="module")
def module_platform(module_settings: Settings) -> Iterator[Platform]:
    """Return a platform that the tests of a module share and none of them changes."""
    opened = open_platform(module_settings)
    yield opened
    opened.store.close()
