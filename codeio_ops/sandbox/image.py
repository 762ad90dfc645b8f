"""The sandbox image: build it where it is missing or out of date.

Two roads to the same Dockerfile. Where a registry answers, the base is the official
Python image; else it is a Debian file system made by mmdebstrap. Packages are fetched on
the host by hash (`requirements.lock`), so the build itself needs no network.
"""

import hashlib
import logging
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from codeio_ops.bundled import SANDBOX_IMAGE
from codeio_ops.errors import EngineUnavailable, ImageMissing, SandboxFault, TerminalError
from codeio_ops.sandbox.engine import Say, apt_install, connect, engine_errors, is_debian

if TYPE_CHECKING:
    from docker import DockerClient

log = logging.getLogger(__name__)

INPUTS_LABEL = "codeio.inputs"
BASE_LABEL = "codeio.base"

_REGISTRY_BASE = "python:3.11-slim-bookworm"
_DEBIAN_PACKAGES = (
    "python3.11-minimal",
    "libpython3.11-stdlib",
    "libstdc++6",
    "libgomp1",
    "libnode108",
    "libfaketime",
)
# Named after its packages, so that a change of the list makes a new base.
_PACKAGES_ID = hashlib.sha256(" ".join(_DEBIAN_PACKAGES).encode()).hexdigest()[:8]
_DEBIAN_BASE = f"codeio-sandbox-base:bookworm-{_PACKAGES_ID}"
_REGISTRY_TIMEOUT_S = 10
_BUILD_TIMEOUT_S = 900
_RUNNER = ("runner/*.py", "runner/*.js")
_INPUTS = ("Dockerfile", "requirements.lock", "seccomp.json", *_RUNNER)
_PLATFORMS = {"amd64": "x86_64-manylinux_2_28", "arm64": "aarch64-manylinux_2_28"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageFacts:
    """An image on this engine.

    Attributes:
        image_id: The engine's id; it differs from build to build.
        inputs_digest: Digest of the files it was built from; the same on every machine.
        base: What it stands on.
    """

    image_id: str
    inputs_digest: str
    base: str


def ensure_image(image: str, say: Say) -> str:
    """Build the image if it is missing or was built from other files.

    Args:
        image: Reference to tag it with.
        say: Called with one line for each step that takes time.

    Returns:
        The digest of the files it is built from (`sha256:...`).

    Raises:
        EngineUnavailable: no engine answers.
        TerminalError: neither a registry nor mmdebstrap gives a base, or packages cannot
            be fetched; `cure` says what to do.
        SandboxFault: the engine failed while building.
    """
    client = connect(timeout_s=_BUILD_TIMEOUT_S)
    try:
        return _up_to_date(client, image, say)
    finally:
        client.close()


def image_facts(client: "DockerClient", image: str) -> ImageFacts:
    """Look an image up.

    Raises:
        ImageMissing: it is not on this engine, or was not built by `ensure_image`.
    """
    with engine_errors(f"looking for {image}"):
        found = client.images.get(image)
    labels = found.labels
    if INPUTS_LABEL not in labels:
        raise ImageMissing(f"{image} is not a sandbox image")
    return ImageFacts(
        image_id=str(found.id),
        inputs_digest=labels[INPUTS_LABEL],
        base=labels.get(BASE_LABEL, ""),
    )


def inputs_digest(directory: Path = SANDBOX_IMAGE) -> str:
    """Digest the files that decide what the sandbox does, by name and content."""
    digest = hashlib.sha256()
    for path in sorted(path for pattern in _INPUTS for path in directory.glob(pattern)):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{path.relative_to(directory).as_posix()} {content}\n".encode())
    return f"sha256:{digest.hexdigest()}"


def _up_to_date(client: "DockerClient", image: str, say: Say) -> str:
    wanted = inputs_digest()
    try:
        if image_facts(client, image).inputs_digest == wanted:
            return wanted
        say(f"the sandbox image {image} is out of date")
    except ImageMissing:
        say(f"the sandbox image {image} is missing")
    base = _base(client, say)
    with tempfile.TemporaryDirectory(prefix="codeio-sandbox-") as directory:
        context = Path(directory)
        _prepare_context(context, _architecture(client), say)
        _build(client, image, base, wanted, context, say)
    return wanted


def _base(client: "DockerClient", say: Say) -> str:
    for reference in (_REGISTRY_BASE, _DEBIAN_BASE):
        if _is_present(client, reference):
            return reference
    if _registry_answers():
        say(f"pulling {_REGISTRY_BASE}")
        with engine_errors(f"pulling {_REGISTRY_BASE}"):
            client.images.pull(_REGISTRY_BASE)
        return _REGISTRY_BASE
    say("no image registry answers; building a Debian base with mmdebstrap")
    return _debian_base(client, say)


def _is_present(client: "DockerClient", reference: str) -> bool:
    try:
        with engine_errors(f"looking for {reference}"):
            client.images.get(reference)
    except ImageMissing:
        return False
    return True


def _registry_answers() -> bool:
    """Ask the engine, not this host, whether it can reach the registry."""
    probe = connect(timeout_s=_REGISTRY_TIMEOUT_S)
    try:
        with engine_errors("asking the registry"):
            probe.images.get_registry_data(_REGISTRY_BASE)
    except (SandboxFault, ImageMissing) as fault:
        log.info("%s", fault)
        return False
    finally:
        probe.close()
    return True


def _debian_base(client: "DockerClient", say: Say) -> str:
    if shutil.which("mmdebstrap") is None:
        _install_mmdebstrap(say)
    with tempfile.TemporaryDirectory(prefix="codeio-base-") as directory:
        archive = Path(directory) / "base.tar"
        # "extract" unpacks without running a package's scripts: no shell is needed inside.
        packages = ",".join(_DEBIAN_PACKAGES)
        command = ["mmdebstrap", "--quiet", "--variant=extract", f"--include={packages}"]
        _run([*command, f"--architectures={_architecture(client)}", "bookworm", str(archive)])
        repository, _, tag = _DEBIAN_BASE.partition(":")
        with engine_errors("importing the Debian base"):
            client.api.import_image_from_file(str(archive), repository=repository, tag=tag)
    return _DEBIAN_BASE


def _install_mmdebstrap(say: Say) -> None:
    command = ("apt-get", "install", "-y", "--no-install-recommends", "mmdebstrap")
    if not is_debian():
        raise TerminalError(
            "no image registry answers, and mmdebstrap is only on Debian and Ubuntu",
            cure=f"docker pull {_REGISTRY_BASE}",
        )
    try:
        apt_install(command, say)
    except EngineUnavailable as exc:
        raise TerminalError(str(exc), cure=f"sudo {' '.join(command)}") from exc


def _prepare_context(context: Path, architecture: str, say: Say) -> None:
    say("fetching the locked packages")
    shutil.copy(SANDBOX_IMAGE / "Dockerfile", context)
    (context / "runner").mkdir()
    for path in [path for pattern in _RUNNER for path in SANDBOX_IMAGE.glob(pattern)]:
        shutil.copy(path, context / "runner")
    site = context / "site"
    _fetch_packages(site, architecture)
    for tests in [path for path in site.rglob("tests") if path.is_dir()]:
        shutil.rmtree(tests)


def _fetch_packages(site: Path, architecture: str) -> None:
    lock = str(SANDBOX_IMAGE / "requirements.lock")
    options = ["--quiet", "--no-deps", "--require-hashes", "--only-binary=:all:"]
    target = ["--python-version=3.11", f"--python-platform={_PLATFORMS[architecture]}"]
    _run([_uv(), "pip", "install", f"--target={site}", *options, *target, "-r", lock])


def _uv() -> str:
    beside = Path(sys.executable).with_name("uv")
    found = str(beside) if beside.exists() else shutil.which("uv")
    if found is None:
        raise TerminalError("uv is not installed", cure="pip install uv")
    return found


def _build(
    client: "DockerClient", image: str, base: str, digest: str, context: Path, say: Say
) -> None:
    say(f"building {image} on {base}")
    with engine_errors(f"building {image}"):
        client.images.build(
            path=str(context),
            tag=image,
            buildargs={"BASE": base},
            labels={INPUTS_LABEL: digest, BASE_LABEL: base},
            # Only the registry's base lacks packages; nothing else comes over the network.
            network_mode="none" if base == _DEBIAN_BASE else None,
            rm=True,
            forcerm=True,
        )


def _architecture(client: "DockerClient") -> str:
    with engine_errors("asking for the engine's architecture"):
        architecture = str(client.version()["Arch"])
    if architecture not in _PLATFORMS:
        raise TerminalError(f"no sandbox image for {architecture}")
    return architecture


def _run(command: list[str]) -> None:
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        raise TerminalError(
            f"{command[0]} failed: {done.stderr.strip()[-500:]}", cure=" ".join(command)
        )
