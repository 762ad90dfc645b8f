"""The files of the image agree with each other and with the host's end of the frames."""

import importlib
import json
import re
import shutil
import sys
from pathlib import Path
from types import ModuleType

import pytest

from codeio_ops.bundled import SANDBOX_IMAGE
from codeio_ops.sandbox import failure, protocol
from codeio_ops.sandbox.image import inputs_digest


@pytest.fixture(autouse=True)
def image_on_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(SANDBOX_IMAGE))
    for name in [name for name in sys.modules if name.split(".")[0] == "runner"]:
        monkeypatch.delitem(sys.modules, name)


def load(name: str) -> ModuleType:
    return importlib.import_module(name)


def test_both_ends_speak_the_same_version_and_codes() -> None:
    assert load("runner.channel").PROTOCOL_VERSION == protocol.PROTOCOL_VERSION
    codes = {int(code): code.name.lower() for code in load("runner.replies").Code}
    assert codes.pop(6) == "loaded"
    assert codes == {code: verdict.value for code, verdict in failure._REPLY_VERDICTS.items()}


def test_the_javascript_harness_has_the_same_codes() -> None:
    text = (SANDBOX_IMAGE / "runner" / "harness.js").read_text()
    written = re.search(r"const Code = \{(.*?)\}", text)
    assert written is not None
    pairs = [pair.split(":") for pair in written[1].split(",")]
    codes = {name.strip(): int(number) for name, number in pairs}
    assert codes == {code.name: int(code) for code in load("runner.replies").Code}


def test_both_ends_accept_the_same_sizes() -> None:
    channel = load("runner.channel")
    assert channel.MAX_BODY_BYTES >= protocol.MAX_REQUEST_BYTES
    assert channel.MAX_HEADER_BYTES == protocol.MAX_HEADER_BYTES


def test_the_profile_is_what_its_script_writes() -> None:
    written = json.loads((SANDBOX_IMAGE / "seccomp.json").read_text())
    assert written == load("make_seccomp").profile(), "run: python sandbox_image/make_seccomp.py"


def test_the_profile_denies_by_default_and_allows_no_known_danger() -> None:
    profile = load("make_seccomp").profile()
    allowed = {name for rule in profile["syscalls"] for name in rule["names"]}
    assert profile["defaultAction"] == "SCMP_ACT_ERRNO"
    assert not allowed & {"io_uring_setup", "shmget", "socket", "ptrace", "bpf", "mount", "keyctl"}


def test_the_digest_follows_names_and_contents(tmp_path: Path) -> None:
    copy = tmp_path / "image"
    shutil.copytree(SANDBOX_IMAGE, copy)
    assert inputs_digest(copy) == inputs_digest()
    (copy / "README.md").write_text("not an input")
    assert inputs_digest(copy) == inputs_digest()
    (copy / "runner" / "child.py").write_text("")
    assert inputs_digest(copy) != inputs_digest()
