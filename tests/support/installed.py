"""The project as its users have it: a wheel in a virtual environment far from the checkout."""

import os
import subprocess
import sys
from pathlib import Path

from codeio_ops.local.environment import base_environment

REPOSITORY = Path(__file__).parents[2]
UV = Path(sys.executable).with_name("uv")


def build_wheel(directory: Path) -> Path:
    """Build the wheel of this checkout."""
    subprocess.run(
        (UV, "build", "--quiet", "--wheel", "--out-dir", directory, REPOSITORY), check=True
    )
    (wheel,) = directory.glob("*.whl")
    return wheel


def install(wheel: Path, environment: Path, *, extra: str = "") -> Path:
    """Install a wheel with an extra into a new environment, and return where its programs lie.

    The versions are those of the lock, so the cache that made this environment has them all.
    """
    locked = environment.with_suffix(".txt")
    export = (
        *(UV, "export", "--quiet", "--frozen", "--no-hashes", "--no-emit-project"),
        *("--extra", "embedded", "--output-file", locked),
    )
    subprocess.run(export, cwd=REPOSITORY, check=True, stdout=subprocess.DEVNULL)
    subprocess.run((UV, "venv", "--quiet", "--python", sys.executable, environment), check=True)
    programs = environment / "bin"
    wanted = f"{wheel}[{extra}]" if extra else str(wheel)
    subprocess.run(
        (
            *(UV, "pip", "install", "--quiet", "--python", programs / "python"),
            *("--constraint", locked, wanted),
        ),
        check=True,
    )
    return programs


def clean_environment(programs: Path, **variables: str) -> dict[str, str]:
    """Return the environment of a shell in which the environment is active, and no other."""
    inherited = {k: v for k, v in base_environment().items() if k not in {"PYTHONPATH"}}
    return {**inherited, "PATH": os.pathsep.join((str(programs), os.environ["PATH"])), **variables}
