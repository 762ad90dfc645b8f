"""A GGUF model on this machine as a teacher: llama.cpp's own OpenAI-compatible server.

It needs the extra `codeio-ops[local]`. The smallest models show that the road works, not more:
SmolLM2-135M answered none of 30 questions, Qwen2.5-Coder-1.5B is the first that reasons.
"""

import hashlib
import signal
import threading
from collections.abc import Callable
from pathlib import Path

from codeio_ops.errors import SettingsError, StackError

_CURE = "Set CODEIO_LOCAL_MODEL_PATH and CODEIO_LOCAL_MODEL_SHA256."


def serve_model(
    path: Path | None,
    sha256: str,
    *,
    port: int,
    context_tokens: int,
    threads: int,
    say: Callable[[str], None],
) -> None:
    """Serve a model on loopback until a signal ends the process.

    Args:
        path: The GGUF file.
        sha256: What its content must hash to, in hex.
        port: TCP port; 0 takes a free one.
        context_tokens: Prompt and reply together, in tokens.
        threads: Compute threads. Beside other work, one is faster than two.
        say: Told the address when the server listens.

    Raises:
        SettingsError: the file is missing, is another one, or the extra is not installed.
        StackError: the model cannot be loaded.
    """
    weights = check_weights(path, sha256)
    try:
        import xllamacpp
    except ImportError as exc:
        raise SettingsError(
            "no llama.cpp is installed", cure="pip install 'codeio-ops[local]'"
        ) from exc
    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(weights)
    parameters.model_alias = {weights.name}
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = port
    parameters.n_ctx = context_tokens
    parameters.n_parallel = 1
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = threads
    parameters.verbosity = 0
    parameters.warmup = False
    try:
        server = xllamacpp.Server(parameters)
    except RuntimeError as exc:
        raise StackError(
            f"llama.cpp cannot load {weights}: {exc}", cure="Use a GGUF file of a chat model."
        ) from exc
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    say(f"OPENAI_BASE_URL={server.listening_address}/v1 CODEIO_MODEL={weights.name}")
    ended.wait()


def check_weights(path: Path | None, sha256: str) -> Path:
    """Return the path of the weights if they are the ones that were named.

    Raises:
        SettingsError: the file is missing, unnamed, or another one.
    """
    if path is None or not sha256:
        raise SettingsError("no local model is named", cure=_CURE)
    if not path.is_file():
        raise SettingsError(f"there is no model file {path}", cure=_CURE)
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != sha256:
        raise SettingsError(
            f"the model file {path} has the sha256 {found}, not the one that is set", cure=_CURE
        )
    return path
