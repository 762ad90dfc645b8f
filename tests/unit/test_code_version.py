"""Facts name the sources that wrote them: equal sources have one name, changed ones another."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from codeio_ops import __version__
from codeio_ops.code_version import code_version

REPOSITORY = Path(__file__).parents[2]
SCRIPT = "from codeio_ops.code_version import code_version; print(code_version())"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The packages as a wheel holds them: files in place of the links of a checkout."""
    for package in ("codeio_ops", "offline_teacher", "plugins/codeio_airflow"):
        shutil.copytree(REPOSITORY / package, tmp_path / Path(package).name)
    return tmp_path


def _version_of(copy: Path) -> str:
    done = subprocess.run(
        (sys.executable, "-c", SCRIPT), env={"PYTHONPATH": str(copy)}, cwd="/",
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout.strip()


def test_a_checkout_and_what_is_installed_from_it_have_one_name(copy: Path) -> None:
    assert _version_of(copy) == code_version()
    assert re.fullmatch(re.escape(__version__) + r"\+[0-9a-f]{12}", code_version())


@pytest.mark.parametrize(
    "changed",
    [
        "codeio_ops/teacher/prompts/revise.md",
        "codeio_ops/sql/queries/release.sql",
        "codeio_ops/dags/release_dataset.py",
        "offline_teacher/answer.py",
    ],
)
def test_a_changed_source_has_another_name(copy: Path, changed: str) -> None:
    with (copy / changed).open("a") as file:
        file.write("\n")
    assert _version_of(copy) != code_version()
