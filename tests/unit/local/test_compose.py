"""The secret files of docker-compose.yml."""

import tomllib
from pathlib import Path

import yaml

from codeio_ops.local.compose import write_secrets

COMPOSE = Path(__file__).parents[3] / "docker-compose.yml"


def test_every_file_that_the_containers_mount_is_written_once(tmp_path: Path) -> None:
    mounted = {
        Path(s["file"]).name for s in yaml.safe_load(COMPOSE.read_text())["secrets"].values()
    }
    assert mounted == {path.name for path in write_secrets(tmp_path)}
    assert write_secrets(tmp_path) == ()


def test_the_servers_of_s3_ask_for_keys_and_a_certificate_that_is_mounted(tmp_path: Path) -> None:
    write_secrets(tmp_path)
    security = tomllib.loads((tmp_path / "s3_security").read_text())
    signing = security["jwt"]
    keys = [signing["signing"]["key"], signing["filer_signing"]["key"]]
    keys += [signing["signing"]["read"]["key"], signing["filer_signing"]["read"]["key"]]
    assert len(set(keys)) == len(keys) == 4
    files = {security["grpc"]["ca"]} | {
        server[part] for server in security["grpc"].values() if isinstance(server, dict)
        for part in ("cert", "key")
    }  # fmt: skip
    mounted = yaml.safe_load(COMPOSE.read_text())["services"]["s3"]["secrets"]
    assert files <= {f"/run/secrets/{name}" for name in mounted if isinstance(name, str)}
