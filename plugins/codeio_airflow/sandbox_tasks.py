"""Calls the nightly check of the sandbox with the work of a task."""

from codeio_ops.sandbox.approval import record_outcomes, require_contained
from codeio_ops.work import Work


def attack_sandbox(work: Work) -> int:
    """Attack the sandbox image in use and return how many programs were contained.

    Raises:
        SandboxUnsafe: one was not; this is stored, and stops the stages that run programs.
    """
    from codeio_ops.sandbox.attack import attack, load_attacks

    sandbox = work.attacked_sandbox
    outcomes = attack(sandbox, load_attacks())
    digest = sandbox.image_digest
    check = record_outcomes(outcomes, image_digest=digest, writer=work.writer_in(digest))
    require_contained(work.store, digest)
    return check.programs
