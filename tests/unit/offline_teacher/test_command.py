"""The offline teacher as a process of its own, which nobody imports."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("tree", ["codeio_ops", "plugins", "dags"])
def test_nobody_imports_it(tree: str) -> None:
    imports = re.compile(r"^\s*(from|import) offline_teacher\b", re.MULTILINE)
    modules = list((ROOT / tree).rglob("*.py"))
    assert modules
    assert [path for path in modules if imports.search(path.read_text())] == []


def test_the_platforms_commands_reach_it() -> None:
    words = ("-m", "codeio_ops.cli", "teacher", "serve", "--host", "192.0.2.1", "--port", "1")
    done = subprocess.run([sys.executable, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "must not listen on '192.0.2.1'" in done.stderr
    assert "cure: Use 127.0.0.1." in done.stderr
