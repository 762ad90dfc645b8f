"""Settings of a task: Connections, then the section [codeio], then the environment."""

import json
from collections.abc import Callable
from typing import Any

import pytest

# Airflow takes seconds to import, so one process answers for all cases.
SCRIPT = """
import json, os, sys
from airflow import plugins_manager
from airflow.providers_manager import ProvidersManager
from codeio_airflow import connections

def settings(function, variables):
    os.environ.update(variables)
    found = getattr(connections, function)().model_dump()
    for name in variables:
        del os.environ[name]
    return {name: getattr(value, "get_secret_value", lambda: value)()
            for name, value in found.items()}

plugins, errors = plugins_manager._get_plugins()
print("\\n" + json.dumps({
    "plugins": [plugin.name for plugin in plugins],
    "errors": errors,
    # A hook whose optional library is not installed is none.
    "hooks": {
        kind: hook.connection_testable for kind, hook in ProvidersManager().hooks.items() if hook
    },
    "cases": {name: settings(*case) for name, case in json.loads(sys.argv[1]).items()},
}, default=str))
"""
POSTGRES = {"conn_type": "codeio_postgres", "host": "db", "port": 5433, "schema": "facts"}
TLS = {"sslmode": "verify-full", "sslrootcert": "/etc/ca.pem", "sslcert": None}
TEACHER = {"conn_type": "codeio_teacher", "host": "http://t:1/v1", "password": "token"}

Case = tuple[str, dict[str, str]]


def _case(
    variables: dict[str, str] | None = None,
    *,
    function: str = "settings_of_trigger",
    **connections: dict[str, Any],
) -> Case:
    named = {f"AIRFLOW_CONN_{k.upper()}": json.dumps(v) for k, v in connections.items()}
    return function, {**(variables or {}), **named}


CASES: dict[str, Case] = {
    "tls": _case(
        {"CODEIO_DATABASE_URL": "postgresql+psycopg2://other@elsewhere/other"},
        codeio_postgres={**POSTGRES, "login": "app", "password": "p@ss/word", "extra": TLS},
    ),
    "environment": _case(
        {"CODEIO_DATABASE_URL": "postgresql+psycopg2://a@b/c", "CODEIO_S3_BUCKET": "mine"}
    ),
    "configuration": _case(
        {
            "CODEIO_SHARD_ROWS": "11",
            "AIRFLOW__CODEIO__SHARD_ROWS": "22",
            "AIRFLOW__CODEIO__LICENCES": '["MIT"]',
            "CODEIO_MAX_DRAWS": "33",
        }
    ),
    "s3_without_keys": _case(
        {"CODEIO_S3_ACCESS_KEY": "id", "CODEIO_S3_SECRET_KEY": "secret"},
        codeio_s3={
            "conn_type": "codeio_s3", "schema": "b", "extra": {"region_name": "eu-central-1"}
        },
    ),
    "offline": _case({"OPENAI_API_KEY": "other"}, codeio_teacher=TEACHER),
    "endpoint": _case(
        {"OPENAI_API_KEY": "other"}, codeio_teacher={**TEACHER, "extra": {"model": "some-model"}}
    ),
    "docker": _case(
        codeio_docker={
            "conn_type": "codeio_docker", "host": "tcp://d:2376", "extra": {"cert_path": "/certs"}
        }
    ),
    "pages": _case(function="settings_of_pages", codeio_postgres={**POSTGRES, "login": "app"}),
    "pages_of_auditor": _case(
        function="settings_of_pages",
        codeio_postgres={**POSTGRES, "login": "app"},
        codeio_auditor={**POSTGRES, "login": "auditor"},
    ),
    "parsing": _case(function="configured_settings", codeio_postgres=POSTGRES),
}  # fmt: skip


@pytest.fixture(scope="module")
def report(fresh_python: Callable[..., str]) -> dict[str, Any]:
    """What a process of Airflow finds in each case, and which plugins and hooks it has."""
    output = fresh_python("-c", SCRIPT, json.dumps(CASES))
    found: dict[str, Any] = json.loads(output.strip().splitlines()[-1])
    return found


@pytest.fixture(scope="module")
def found(report: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The settings of each case."""
    cases: dict[str, dict[str, Any]] = report["cases"]
    return cases


Found = dict[str, dict[str, Any]]


def test_a_connection_wins_and_its_tls_parameters_are_passed_on(found: Found) -> None:
    assert found["tls"]["database_url"] == (
        "postgresql+psycopg2://app:p%40ss%2Fword@db:5433/facts"
        "?sslmode=verify-full&sslrootcert=%2Fetc%2Fca.pem"
    )


def test_without_a_connection_the_environment_stands(found: Found) -> None:
    values = found["environment"]
    assert values["database_url"] == "postgresql+psycopg2://a@b/c"
    assert values["s3_bucket"] == "mine"


def test_airflows_configuration_wins_over_the_environment(found: Found) -> None:
    values = found["configuration"]
    assert (values["shard_rows"], values["licences"], values["max_draws"]) == (22, ["MIT"], 33)


def test_a_bucket_without_keys_leaves_them_to_aws(found: Found) -> None:
    values = found["s3_without_keys"]
    assert (values["s3_access_key"], values["s3_secret_key"], values["s3_endpoint_url"]) == (
        "",
    ) * 3
    assert (values["s3_bucket"], values["s3_region"]) == ("b", "eu-central-1")


def test_the_model_says_which_teacher_the_address_is(found: Found) -> None:
    offline, endpoint = found["offline"], found["endpoint"]
    assert (offline["teacher_url"], offline["teacher_key"]) == ("http://t:1/v1", "token")
    assert (offline["openai_base_url"], offline["openai_api_key"]) == ("", "")
    assert (endpoint["openai_base_url"], endpoint["openai_api_key"]) == ("http://t:1/v1", "token")
    assert endpoint["model"] == "some-model"


def test_an_engine_with_tls_is_named_by_its_certificates(found: Found) -> None:
    values = found["docker"]
    assert (values["docker_host"], values["docker_cert_path"]) == ("tcp://d:2376", "/certs")


def test_the_pages_read_as_the_auditor_where_there_is_one(found: Found) -> None:
    assert "app@db" in found["pages"]["auditor_database_url"]
    assert "auditor@db" in found["pages_of_auditor"]["auditor_database_url"]


def test_a_dag_file_asks_for_no_connection(found: Found) -> None:
    assert found["parsing"]["database_url"] == ""


def test_the_plugin_is_registered_once_and_the_provider_with_its_connections(
    report: dict[str, Any],
) -> None:
    assert report["plugins"].count("codeio") == 1
    assert report["errors"] == {}
    ours = {kind for kind in report["hooks"] if kind.startswith("codeio_")}
    assert ours == {"codeio_postgres", "codeio_s3", "codeio_teacher", "codeio_docker"}
    assert all(report["hooks"][kind] for kind in ours)
