"""Where the Docker engine listens: where the settings say, or the one that `docker ps` talks to."""

import os
from dataclasses import dataclass

import docker
import docker.errors
from docker.context import ContextAPI
from docker.context.config import get_current_context_name

from codeio_ops.config import Settings

_USUAL_CONTEXT = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineAddress:
    """Where an engine listens.

    Attributes:
        host: Its URL; empty is that of `DOCKER_HOST`, of the current context, or the local engine.
        cert_path: Directory of `ca.pem`, `cert.pem` and `key.pem`; empty speaks without TLS.
    """

    host: str = ""
    cert_path: str = ""

    @classmethod
    def of(cls, settings: Settings) -> "EngineAddress":
        """Return the address that the settings name."""
        return cls(host=settings.docker_host, cert_path=settings.docker_cert_path)

    def client(self, timeout_s: float) -> docker.DockerClient:
        """Return a client of the engine there; nobody was asked yet whether it answers.

        Raises:
            DockerException: there is no such address.
        """
        name = "" if self.host else context_name()
        if name:
            return _client_of_context(name, timeout_s)
        return docker.from_env(timeout=int(timeout_s), environment=self._variables())

    def _variables(self) -> dict[str, str] | None:
        if not self.host:
            return None
        tls = {"DOCKER_CERT_PATH": self.cert_path, "DOCKER_TLS_VERIFY": "1"}
        return {"DOCKER_HOST": self.host, **(tls if self.cert_path else {})}


def context_name() -> str:
    """Return the context that `docker` uses by itself; empty where it uses none."""
    if os.environ.get("DOCKER_HOST"):
        return ""
    name: str = os.environ.get("DOCKER_CONTEXT") or get_current_context_name()
    return "" if name == _USUAL_CONTEXT else name


def _client_of_context(name: str, timeout_s: float) -> docker.DockerClient:
    context = ContextAPI.get_context(name)
    if context is None:
        raise docker.errors.DockerException(f"there is no Docker context {name}")
    return docker.DockerClient(
        base_url=context.Host, tls=context.TLSConfig or False, timeout=int(timeout_s)
    )
