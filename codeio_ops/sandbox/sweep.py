"""Remove containers whose owner is gone.

A killed process takes its containers with it (the supervisor notices the hang-up). What
this finds is what an engine or machine that died at the wrong moment left behind.
"""

import logging
import socket
from typing import TYPE_CHECKING

import psutil

from codeio_ops.sandbox.container import LABEL, OWNER_LABEL
from codeio_ops.sandbox.engine import engine_errors, ignoring_absent

if TYPE_CHECKING:
    from docker import DockerClient

log = logging.getLogger(__name__)


def sweep_orphans(client: "DockerClient") -> list[str]:
    """Remove the sandbox containers of dead processes of this machine; return their ids."""
    removed = []
    with engine_errors("looking for orphaned sandboxes"):
        rows = client.api.containers(all=True, filters={"label": f"{LABEL}=1"})
        for row in rows:
            if _is_orphan(row["Labels"].get(OWNER_LABEL, "")):
                with ignoring_absent():
                    client.api.remove_container(row["Id"], force=True)
                removed.append(row["Id"])
    if removed:
        log.warning("removed %d orphaned sandboxes", len(removed), extra={"action": "sweep"})
    return removed


def _is_orphan(owner: str) -> bool:
    """Say whether `owner` is a dead process here; of other machines nothing is known."""
    host, _, process = owner.rpartition(":")[0].partition(":")
    created = owner.rpartition(":")[2]
    if host != socket.gethostname() or not process.isdigit():
        return False
    try:
        return f"{psutil.Process(int(process)).create_time():.2f}" != created
    except psutil.NoSuchProcess:
        return True
