"""The stack as containers (`docker-compose.yml`): its secret files, and its first start.

Compose mounts each secret as a file; `Settings` and Airflow's `_CMD` options read them there.
"""

import json
import os
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from codeio_ops.config import Settings
from codeio_ops.errors import SettingsError
from codeio_ops.local import postgres, postgres_roles, seaweed, seaweed_security
from codeio_ops.local.environment import AIRFLOW_USER
from codeio_ops.local.home import write_private
from codeio_ops.local.state import Secrets, StackState

Say = Callable[[str], None]

PORTS = {"postgres": 5432, "s3": 8333}
MOUNTED = Path("/run/secrets")
DOCKER_SOCKET = Path("/var/run/docker.sock")
PLAIN = ("postgres_password", "airflow_api_secret", "airflow_jwt_secret", "airflow_fernet_key")
DERIVED = (
    "codeio_database_url",
    "codeio_auditor_database_url",
    "codeio_owner_database_url",
    "codeio_s3_access_key",
    "codeio_s3_secret_key",
    "codeio_teacher_key",
    "airflow_database_url",
    "airflow_passwords",
    "s3_config",
    "s3_security",
    "openai_api_key",
)


def container_state(secrets: Secrets) -> StackState:
    """Return the stack as the containers see it: hosts by service name, usual ports."""
    return StackState(ports=PORTS, secrets=secrets, postgres_host="postgres", s3_host="s3")


def write_secrets(directory: Path, *, openai_api_key: str = "") -> tuple[Path, ...]:
    """Write every secret file that is missing; those that exist are kept.

    Args:
        directory: Where they go; created, closed to other users.
        openai_api_key: Key of your own endpoint; empty leaves the offline teacher in use.

    Returns:
        The files that were written.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    base = directory / "stack_secrets"
    secrets = _read(base) if base.exists() else Secrets.generate()
    texts = {
        "stack_secrets": json.dumps(asdict(secrets)),
        **{name: getattr(secrets, name) for name in PLAIN},
        **_derived(container_state(secrets), openai_api_key),
    }
    if not (directory / seaweed_security.PRIVATE_KEY).exists():
        texts |= seaweed_security.new_certificate()
    written = []
    for name, text in texts.items():
        if not (directory / name).exists():
            write_private(directory / name, text)
            written.append(directory / name)
    return tuple(written)


def write_ids(env_file: Path) -> None:
    """Write the ids the containers run with: yours, to read the files; Docker's, for its socket."""
    socket_group = DOCKER_SOCKET.stat().st_gid if DOCKER_SOCKET.exists() else os.getgid()
    ids = {
        "CODEIO_UID": os.getuid(),
        "CODEIO_GID": os.getgid(),
        "CODEIO_DOCKER_GID": socket_group,
    }
    env_file.write_text("".join(f"{name}={value}\n" for name, value in ids.items()))


def initialise(directory: Path, settings: Settings, say: Say) -> None:
    """Create roles, databases and bucket, and migrate: the work of the `init` container.

    Args:
        directory: Where the secret files are mounted.
        settings: The settings of this container.
        say: Receives one line a step.

    Raises:
        SettingsError: The secret files are missing.
        CodeIOError: Postgres or S3 does not do as it should.
    """
    from codeio_ops.local.stack import migrate

    state = container_state(_read(directory / "stack_secrets"))
    say("creating roles and databases")
    postgres_roles.create_roles_and_databases(state)
    say("migrating")
    migrate(settings)
    say("creating the bucket")
    seaweed.ensure_bucket(state, settings.s3_bucket)


def _read(path: Path) -> Secrets:
    try:
        return Secrets(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as exc:
        raise SettingsError(
            f"{path} cannot be read: {exc}", cure="Run `codeio compose-secrets`."
        ) from exc


def _derived(state: StackState, openai_api_key: str) -> dict[str, str]:
    def url(role: str, database: str = postgres.DATABASE) -> str:
        return postgres.url(state, role=role, database=database)

    secrets = state.secrets
    texts = (
        url(postgres.APP),
        url(postgres.AUDITOR),
        url(postgres.OWNER),
        secrets.s3_access_key,
        secrets.s3_secret_key,
        secrets.teacher_key,
        url(postgres.AIRFLOW, postgres.AIRFLOW_DATABASE),
        json.dumps({AIRFLOW_USER: secrets.airflow_admin_password}),
        json.dumps(_s3_identities(secrets)),
        seaweed_security.configuration(secrets, MOUNTED),
        openai_api_key,
    )
    return dict(zip(DERIVED, texts, strict=True))


def _s3_identities(secrets: Secrets) -> dict[str, object]:
    """Return SeaweedFS's own form of one user who may do everything."""
    credential = {"accessKey": secrets.s3_access_key, "secretKey": secrets.s3_secret_key}
    return {"identities": [{"name": "codeio", "credentials": [credential], "actions": ["Admin"]}]}
