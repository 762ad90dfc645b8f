"""Sandbox containers that outlived the tasks which started them."""

import logging

from codeio_ops.errors import EngineUnavailable, SandboxFault

log = logging.getLogger(__name__)


def remove_sandboxes() -> int:
    """Remove the sandbox containers whose owner is dead and return how many there were.

    Called when the stack's processes are gone, so theirs are among them; those of a process
    that still runs, of this home or another, are left. Without a Docker engine there are none.
    """
    from codeio_ops.sandbox.engine import connect
    from codeio_ops.sandbox.sweep import sweep_orphans

    try:
        client = connect(timeout_s=10)
    except EngineUnavailable:
        return 0
    try:
        return len(sweep_orphans(client))
    except SandboxFault as exc:
        log.warning("sandbox containers may be left: %s", exc, extra={"action": "sweep"})
        return 0
    finally:
        client.close()
