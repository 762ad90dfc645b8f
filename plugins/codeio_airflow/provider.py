"""What Airflow learns of this provider by an entry point: its Connections and its settings."""

from typing import Any

SECTION = "codeio"
NO_OPTIONS = frozenset({"home"})
"""Settings that Airflow's configuration cannot set: where a process keeps its own state."""


def get_provider_info() -> dict[str, Any]:
    """Return the description of the provider; it is asked in every process of Airflow."""
    return {
        "package-name": "codeio-ops",
        "name": "CODE I/O",
        "description": "Turns raw source code into verified reasoning data.",
        "connection-types": [
            _connection_type(
                "codeio_postgres", "PostgresHook", "CODE I/O: Postgres",
                hidden=[], labels={"schema": "Database", "login": "User"},
                extra={"sslmode": "TLS mode", "sslrootcert": "File of the CA certificate"},
            ),
            _connection_type(
                "codeio_s3", "S3Hook", "CODE I/O: S3",
                hidden=["host", "port"],
                labels={"schema": "Bucket", "login": "Key id", "password": "Secret key"},
                extra={"endpoint_url": "Endpoint; empty is AWS", "region_name": "Region"},
            ),
            _connection_type(
                "codeio_teacher", "TeacherHook", "CODE I/O: teacher",
                hidden=["login", "port", "schema"],
                labels={"host": "Base URL", "password": "Key"},
                extra={"model": "Model"},
            ),
            _connection_type(
                "codeio_docker", "DockerHook", "CODE I/O: Docker",
                hidden=["login", "password", "port", "schema"],
                labels={"host": "URL of the engine"},
                extra={"cert_path": "Directory of ca.pem, cert.pem and key.pem"},
            ),
        ],
        "config": {SECTION: {"description": _SECTION, "options": _options()}},
    }  # fmt: skip


_SECTION = "Settings of the CODE I/O pipeline; each is also a variable of the environment."


def _connection_type(
    name: str, hook: str, title: str, *, hidden: list[str], labels: dict[str, str],
    extra: dict[str, str],
) -> dict[str, Any]:  # fmt: skip
    return {
        "connection-type": name,
        "hook-class-name": f"codeio_airflow.hooks.{hook}",
        "hook-name": title,
        "ui-field-behaviour": {"hidden-fields": hidden, "relabeling": labels},
        "conn-fields": {
            field: {"label": label, "schema": {"type": ["string", "null"]}}
            for field, label in extra.items()
        },
    }


def _options() -> dict[str, Any]:
    """Return the options of the section `[codeio]`: every setting, by the name of its field."""
    from pydantic import SecretStr

    from codeio_ops.config import Settings
    from codeio_ops.config_reference import setting_lines

    fields = Settings.model_fields.items()
    return {
        name: {
            "description": f"{line.meaning} Default: {line.default or 'empty'}.",
            "version_added": "0.2.0",
            "type": "string",
            "example": None,
            # A default here would hide what the environment says.
            "default": None,
            "sensitive": field.annotation is SecretStr,
        }
        for (name, field), line in zip(fields, setting_lines(), strict=True)
        if name not in NO_OPTIONS
    }
