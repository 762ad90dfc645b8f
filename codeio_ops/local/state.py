"""What the embedded stack decides once and remembers: its ports and its secrets."""

import base64
import hmac
import json
import secrets
from collections.abc import Container, Mapping
from dataclasses import asdict, dataclass, fields, replace
from hashlib import sha256

from codeio_ops.errors import StackError
from codeio_ops.local import ports
from codeio_ops.local.home import Home, write_private
from codeio_ops.local.ports import LOOPBACK


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """Generated secrets; safe in URLs and in shell files (letters, digits, `-`, `_`, `=`)."""

    postgres_password: str
    owner_password: str
    app_password: str
    auditor_password: str
    airflow_db_password: str
    s3_access_key: str
    s3_secret_key: str
    teacher_key: str
    airflow_admin_password: str
    airflow_jwt_secret: str
    airflow_api_secret: str
    airflow_fernet_key: str

    @classmethod
    def generate(cls) -> "Secrets":
        """Draw new secrets from the operating system."""
        drawn = {field.name: secrets.token_urlsafe(24) for field in fields(cls)}
        drawn["s3_access_key"] = secrets.token_hex(10).upper()
        drawn["airflow_jwt_secret"] = secrets.token_urlsafe(64)
        drawn["airflow_api_secret"] = secrets.token_urlsafe(64)
        drawn["airflow_fernet_key"] = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
        return cls(**drawn)

    @property
    def redis_password(self) -> str:
        """Password of Redis: derived, so that a stack has it that is older than the workers."""
        return hmac.new(self.airflow_jwt_secret.encode(), b"redis", sha256).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class StackState:
    """Ports and secrets of one stack.

    Attributes:
        ports: Port of each listener.
        secrets: Passwords and keys.
        postgres_host: Where Postgres listens; another name than loopback only in containers.
        s3_host: Where S3 listens, likewise.
        pgbouncer_host: Where pgbouncer listens, likewise.
        redis_host: Where Redis listens, likewise.
        workers: How many workers of Celery do the tasks; 0 leaves them to the scheduler.
    """

    ports: Mapping[str, int]
    secrets: Secrets
    postgres_host: str = LOOPBACK
    s3_host: str = LOOPBACK
    pgbouncer_host: str = LOOPBACK
    redis_host: str = LOOPBACK
    workers: int = 0

    @classmethod
    def load(cls, home: Home) -> "StackState | None":
        """Read the state file; None when the stack was never started here.

        Raises:
            StackError: The file cannot be understood.
        """
        if not home.state_file.exists():
            return None
        try:
            raw = json.loads(home.state_file.read_text(encoding="utf-8"))
            return cls(
                ports=raw["ports"],
                secrets=Secrets(**raw["secrets"]),
                workers=raw.get("workers", 0),
            )
        except (ValueError, KeyError, TypeError) as exc:
            raise StackError(
                f"{home.state_file} cannot be read: {exc}",
                cure=f"Stop the stack and remove {home.root} to start over without its data.",
            ) from exc

    def save(self, home: Home) -> None:
        """Write the state file, readable by its owner only."""
        raw = {
            "ports": dict(self.ports),
            "secrets": asdict(self.secrets),
            "workers": self.workers,
        }
        write_private(home.state_file, json.dumps(raw, indent=1) + "\n")


def remember(
    home: Home,
    *,
    running: Container[str],
    preferred: Mapping[str, int] = ports.PREFERRED,
    workers: int | None = None,
) -> StackState:
    """Load or create the state, with ports nobody else holds, and save it.

    Args:
        home: The state directory; it must exist.
        running: Components that run now and keep their ports.
        preferred: Ports to try on the first start.
        workers: How many there are from now on; None leaves it as it was.
    """
    state = StackState.load(home) or StackState(ports=preferred, secrets=Secrets.generate())
    state = replace(
        state,
        ports=ports.assign({**preferred, **state.ports}, running=running),
        workers=state.workers if workers is None else workers,
    )
    state.save(home)
    return state
