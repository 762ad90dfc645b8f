"""Where a process of Airflow gets its settings.

A Connection wins over the section `[codeio]` of Airflow's configuration, and that over the
environment, which is all that `codeio` on a command line reads. Connections come from whatever
secrets backend Airflow has.
"""

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, TypeAlias

from airflow.sdk import Connection
from airflow.sdk.configuration import conf
from airflow.sdk.exceptions import AirflowNotFoundException
from sqlalchemy import URL

from codeio_airflow.provider import NO_OPTIONS, SECTION
from codeio_ops.config import OFFLINE_MODEL, Settings
from codeio_ops.errors import SettingsError

log = logging.getLogger(__name__)

POSTGRES, AUDITOR = "codeio_postgres", "codeio_auditor"
S3, TEACHER, DOCKER = "codeio_s3", "codeio_teacher", "codeio_docker"

Values: TypeAlias = dict[str, object]


def configured_settings() -> Settings:
    """Return what `[codeio]` and the environment say: all that a DAG file may read."""
    return Settings.load().replaced(_options())


@cache
def settings_of_task() -> Settings:
    """Return the settings of this task; its process reads them once."""
    return settings_of_trigger()


def settings_of_trigger() -> Settings:
    """Return the settings as they are now; a coroutine must call this in a thread of its own."""
    return _with_connections((POSTGRES, S3, TEACHER, DOCKER))


def settings_of_pages() -> Settings:
    """Return the settings of the pages, which read with the rights of an auditor if they can."""
    settings = _with_connections((POSTGRES, AUDITOR, S3))
    if settings.auditor_database_url.get_secret_value():
        return settings
    return settings.replaced({"auditor_database_url": settings.database_url})


def _with_connections(connection_ids: Sequence[str]) -> Settings:
    """Return the settings with what these Connections say, and log what came from where."""
    options = _options()
    settings = Settings.load().replaced(options)
    found = {name: connection for name in connection_ids if (connection := _connection(name))}
    for name, connection in found.items():
        settings = settings.replaced(READERS[name](connection, settings))
    log.info(
        "settings: Connections: %s; [%s]: %s; all others: environment or default",
        ", ".join(found) or "none",
        SECTION,
        ", ".join(options) or "none",
        extra={"action": "settings"},
    )
    return settings


def _options() -> Values:
    """Return the settings that Airflow's configuration sets."""
    names = Settings.model_fields.keys() - NO_OPTIONS
    given = {name: conf.get(SECTION, name, fallback=None) for name in sorted(names)}
    return {name: _parsed(name, text) for name, text in given.items() if text}


def _parsed(name: str, text: str) -> object:
    """Return a list for a setting that is one; it is written as JSON, as in the environment."""
    if not isinstance(Settings.model_fields[name].default, tuple):
        return text
    try:
        return json.loads(text)
    except json.JSONDecodeError as exc:
        raise SettingsError(
            f"[{SECTION}] {name} is no JSON: {exc}", cure='Write a list as JSON: ["MIT", "ISC"].'
        ) from exc


def _connection(connection_id: str) -> Connection | None:
    try:
        connection: Connection = Connection.get(connection_id)
    except AirflowNotFoundException:
        return None
    return connection


def _database_url(connection: Connection) -> str:
    """Return the URL of a database; what stands in `extra` is handed to libpq (TLS, timeouts)."""
    url = URL.create(
        "postgresql+psycopg2",
        username=connection.login,
        password=connection.password,
        host=connection.host,
        port=connection.port,
        database=connection.schema,
        query={name: str(value) for name, value in connection.extra_dejson.items() if value},
    )
    return url.render_as_string(hide_password=False)


def _postgres(connection: Connection, _: Settings) -> Values:
    return {"database_url": _database_url(connection)}


def _auditor(connection: Connection, _: Settings) -> Values:
    return {"auditor_database_url": _database_url(connection)}


def _s3(connection: Connection, settings: Settings) -> Values:
    extra = connection.extra_dejson
    return {
        # Without a key boto3 looks where it always does: a role, a profile, the instance.
        "s3_access_key": connection.login or "",
        "s3_secret_key": connection.password or "",
        "s3_endpoint_url": extra.get("endpoint_url") or "",
        "s3_region": extra.get("region_name") or settings.s3_region,
        "s3_bucket": connection.schema or settings.s3_bucket,
    }


def _teacher(connection: Connection, settings: Settings) -> Values:
    model = connection.extra_dejson.get("model") or settings.model
    address, key = connection.host or "", connection.password or ""
    offline = {"teacher_url": address, "teacher_key": key}
    endpoint = {"openai_base_url": address, "openai_api_key": key}
    if model == OFFLINE_MODEL:
        return {"model": model, **offline, **dict.fromkeys(endpoint, "")}
    return {"model": model, **endpoint}


def _docker(connection: Connection, _: Settings) -> Values:
    cert_path = connection.extra_dejson.get("cert_path") or ""
    return {"docker_host": connection.host or "", "docker_cert_path": cert_path}


READERS: Mapping[str, Callable[[Any, Settings], Values]] = {
    POSTGRES: _postgres,
    AUDITOR: _auditor,
    S3: _s3,
    TEACHER: _teacher,
    DOCKER: _docker,
}
"""What each Connection says of the settings."""
