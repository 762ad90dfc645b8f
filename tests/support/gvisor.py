"""gVisor as a container runtime, on machines that let nobody make cgroups or use KVM."""

import shutil
import subprocess
from pathlib import Path

_WRAPPER = """#!/bin/sh
exec runsc --platform=ptrace --ignore-cgroups --network=none "$@"
"""


def write_wrapper(directory: Path) -> Path:
    """Write the program that an engine calls as its runtime `runsc`."""
    path = directory / "runsc"
    path.write_text(_WRAPPER)
    path.chmod(0o755)
    return path


def why_not(runtime: Path) -> str:
    """Return why gVisor itself cannot run on this machine, or an empty string when it can.

    Its own command is asked, with no engine and no image of ours.
    """
    if shutil.which("runsc") is None:
        return "runsc is not installed: make gvisor"
    ran = subprocess.run([runtime, "do", "true"], capture_output=True, text=True, timeout=60)
    return f"runsc cannot run here: {ran.stderr.strip()[-500:]}" if ran.returncode else ""
