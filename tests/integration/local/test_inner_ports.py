"""Nobody but the owner of the home reaches what lies in S3, by any of its servers' ports."""

import os
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from codeio_ops.local import seaweed
from codeio_ops.local.home import Home
from codeio_ops.local.state import StackState
from codeio_ops.storage.objects import ObjectStore

HTTP_PORTS = ("master", "volume", "filer", "admin")
KEY = "releases/codeio_pp/1/README.md"


@pytest.fixture
def path(objects: ObjectStore) -> Iterator[str]:
    """Return where the filer has a released file."""
    objects.put(KEY, b"as released")
    yield f"/buckets/{objects.bucket}/{KEY}"
    assert objects.get(KEY) == b"as released"


@pytest.mark.parametrize("server", HTTP_PORTS)
def test_no_server_takes_or_gives_a_file_without_a_key(
    server: str, path: str, stack_state: StackState
) -> None:
    base = f"http://127.0.0.1:{stack_state.ports[server]}"
    with httpx.Client(base_url=base, trust_env=False, timeout=10) as http:
        tries = [
            http.get(path),
            http.post(path, files={"file": ("README.md", b"replaced")}),
            http.put(path, content=b"replaced"),
            http.delete(path),
        ]
    assert all(answer.is_client_error for answer in tries)


@pytest.mark.parametrize("call", ["/dir/assign", "/dir/lookup?fileId=3,01637037d6", "/vol/grow"])
def test_the_master_hands_out_no_right_to_write(
    call: str, path: str, stack_state: StackState
) -> None:
    answer = httpx.get(f"http://127.0.0.1:{stack_state.ports['master']}{call}", trust_env=False)
    assert answer.status_code in {401, 404}
    assert "Authorization" not in answer.headers


def test_the_servers_speak_to_nobody_without_the_certificate(
    path: str, stack_home: Home, stack_state: StackState, tmp_path: Path
) -> None:
    listed = f"fs.ls {path.rpartition('/')[0]}"
    assert "README.md" in _weed_shell(listed, stack_state, beside=stack_home.s3)
    assert "README.md" not in _weed_shell(listed, stack_state, beside=tmp_path)


def test_others_read_neither_keys_nor_certificate(stack_home: Home) -> None:
    files = [*stack_home.s3.glob("*.toml"), *stack_home.s3.glob("*.pem")]
    assert len(files) == 3
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def _weed_shell(command: str, state: StackState, *, beside: Path) -> str:
    """Give a command of SeaweedFS's own shell, with the configuration of a directory."""

    def server(name: str) -> str:
        return f"127.0.0.1:{state.ports[name]}.{state.ports[f'{name}_grpc']}"

    argv = (
        str(seaweed.binary()), "shell", f"-master={server('master')}", f"-filer={server('filer')}"
    )  # fmt: skip
    with subprocess.Popen(
        argv, cwd=beside, env={"PATH": os.defpath, "HOME": str(beside)}, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    ) as shell:  # fmt: skip
        try:
            return shell.communicate(f"{command}\nexit\n", timeout=10)[0]
        except subprocess.TimeoutExpired as exc:
            shell.kill()
            return (exc.stdout or b"").decode()
