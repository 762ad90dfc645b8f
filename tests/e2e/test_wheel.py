"""What a wheel holds, and what its base does alone."""

import json
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from support.installed import REPOSITORY, build_wheel, clean_environment, install

pytestmark = pytest.mark.slow

# The compiler of the leakage scan is half of it.
LIMIT_MIB = 450

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout."""
    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def base(wheel: Path) -> Path:
    """Where the programs of the base lie."""
    return install(wheel, wheel.parent / "base")


@pytest.fixture
def run(base: Path, tmp_path: Path) -> Run:
    """Run `codeio` of the base in an empty directory."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ("codeio", *arguments), env=clean_environment(base), cwd=tmp_path,
            capture_output=True, text=True,
        )  # fmt: skip

    return run


def test_the_wheel_holds_every_file_that_runs_and_no_test(wheel: Path) -> None:
    held = set(zipfile.ZipFile(wheel).namelist())
    places = {
        "codeio_ops": "codeio_ops",
        "codeio_airflow": "plugins/codeio_airflow",
        "offline_teacher": "offline_teacher",
        "codeio_ops/dags": "dags",
        "codeio_ops/sandbox_image": "sandbox_image",
        "codeio_ops/sql": "sql",
    }
    for inside, outside in places.items():
        tracked = subprocess.run(
            ("git", "ls-files", outside), cwd=REPOSITORY, capture_output=True, text=True, check=True
        ).stdout.split()
        links = {"dags", "sandbox_image", "sql"} if inside == "codeio_ops" else set()
        wanted = {f"{inside}/{Path(path).relative_to(outside)}" for path in tracked}
        assert wanted - {f"{inside}/{link}" for link in links} - held == set()
    roots = {name.partition("/")[0] for name in held}
    assert {root for root in roots if not root.endswith(".dist-info")} == {
        "codeio_ops", "codeio_airflow", "offline_teacher",
    }  # fmt: skip


def test_the_base_is_small(base: Path) -> None:
    size = sum(path.stat().st_size for path in base.parent.rglob("*") if path.is_file())
    assert size < LIMIT_MIB << 20


def test_the_base_runs_a_program(run: Run, tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text("def main_solution(x):\n    return x + 1\n")
    done = run("sandbox", "run", "program.py", "--input", '{"x": 1}', "--json")
    assert json.loads(done.stdout)["results"][0]["value"] == 2


def test_the_base_scans_for_leakage(run: Run, tmp_path: Path) -> None:
    question = "How many apples has a farmer left who sold nine of the thirty that he picked today?"
    (tmp_path / "benchmark.jsonl").write_text(json.dumps({"question": question, "answer": "21"}))
    (tmp_path / "samples.jsonl").write_text(json.dumps({"text": f"Q: {question}"}))
    done = run(
        *("leakage", "scan", "--samples", "samples.jsonl"),
        *("--benchmark", "b=benchmark.jsonl", "--json"),
    )
    assert len(json.loads(done.stdout)["hits"]) > 0, done.stderr


@pytest.mark.parametrize(
    ("command", "extra"),
    [("demo", "embedded"), ("up", "embedded"), ("teacher check", "pipeline")],
)
def test_a_command_of_an_extra_names_it(run: Run, command: str, extra: str) -> None:
    done = run(*command.split())
    assert (done.returncode, done.stdout) == (1, "")
    error, cure = done.stderr.splitlines()
    assert error.startswith("error: this needs the library ")
    assert cure == f"cure: pip install 'codeio-ops[{extra}]'"
