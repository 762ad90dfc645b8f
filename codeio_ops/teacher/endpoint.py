"""Which teacher the settings name: its address, its key and who it is."""

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from pydantic import SecretStr

from codeio_ops.config import OFFLINE_MODEL, Settings
from codeio_ops.errors import SettingsError
from codeio_ops.teacher.messages import TeacherIdentity, TeacherKind

DEFAULT_BASE_URL = "https://api.openai.com/v1"
ADDRESS_CURE = "Check OPENAI_BASE_URL, or start the embedded teacher with `codeio up`."
_NO_KEY = "none"  # the client library insists on a key, a local server on none


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """An OpenAI-compatible endpoint.

    Attributes:
        base_url: Address, with the `/v1` of the API.
        key: Bearer token.
        key_setting: Name of the setting that holds the token.
        model: Model id sent with each request.
        offline: Whether it is the embedded teacher.
        weights_sha256: sha256 of the weights it serves, where that is known.
    """

    base_url: str
    key: SecretStr
    key_setting: str
    model: str
    offline: bool
    weights_sha256: str = ""

    @classmethod
    def chosen(cls, settings: Settings) -> "Endpoint":
        """Return the endpoint in use.

        Raises:
            SettingsError: no endpoint is named, or its address is no URL.
        """
        if settings.uses_offline_teacher:
            return cls.embedded(settings)
        endpoint = cls(
            base_url=settings.openai_base_url or DEFAULT_BASE_URL,
            key=SecretStr(settings.openai_api_key.get_secret_value() or _NO_KEY),
            key_setting="OPENAI_API_KEY",
            model=settings.model,
            offline=False,
            weights_sha256=settings.local_model_sha256,
        )
        return endpoint._checked()

    @classmethod
    def embedded(cls, settings: Settings) -> "Endpoint":
        """Return the embedded teacher, whatever other endpoint is named.

        Raises:
            SettingsError: its address is not known.
        """
        endpoint = cls(
            base_url=settings.teacher_url,
            key=SecretStr(settings.teacher_key.get_secret_value() or _NO_KEY),
            key_setting="CODEIO_TEACHER_KEY",
            model=settings.model if settings.uses_offline_teacher else OFFLINE_MODEL,
            offline=True,
        )
        return endpoint._checked()

    @property
    def host(self) -> str:
        """Host name of the address."""
        return urlsplit(self.base_url).hostname or ""

    @property
    def _place(self) -> str:
        """Host, port and path, less the `/v1` of the API."""
        parts = urlsplit(self.base_url)
        port = "" if parts.port is None else f":{parts.port}"
        return f"{self.host}{port}{parts.path.rstrip('/').removesuffix('/v1')}"

    @property
    def name(self) -> str:
        """What shares one rate limit: an address and a model."""
        return f"{self.base_url} {self.model}"

    def identity(self, stated_version: str = "") -> TeacherIdentity:
        """Who answers, as it is stored with every response.

        Args:
            stated_version: What the embedded teacher says of itself.
        """
        kind = _kind(self.host, offline=self.offline)
        version = self.weights_sha256 if kind == "local-model" else stated_version
        return TeacherIdentity(
            kind=kind,
            model_id=self.model,
            version=version,
            # The same weights are the same model, on whatever port they are served today.
            endpoint_host=self.host if version else self._place,
        )

    def _checked(self) -> "Endpoint":
        if not _is_url(self.base_url):
            raise SettingsError(
                f"the teacher's address is {self.base_url!r}, which is no URL", cure=ADDRESS_CURE
            )
        if "@" in urlsplit(self.base_url).netloc:
            raise SettingsError(
                "the teacher's address holds a user or a password, which would be stored and shown",
                cure="leave it out, and give the key as OPENAI_API_KEY",
            )
        return self


def _is_url(address: str) -> bool:
    try:
        parts = urlsplit(address)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a bracket of IPv6 that is never closed, or no number for a port
        return False


def _kind(host: str, *, offline: bool) -> TeacherKind:
    if offline:
        return "offline-trace"
    if host == "localhost" or host.endswith((".localhost", ".local")):
        return "local-model"
    try:
        return "local-model" if ipaddress.ip_address(host).is_private else "api-model"
    except ValueError:
        return "api-model"
