"""Whether the pipeline may run programs in an image: not while an attack is known to escape."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from codeio_ops.errors import SandboxUnsafe
from codeio_ops.fingerprint import content_id
from codeio_ops.records import SandboxCheck
from codeio_ops.storage.engine import Store
from codeio_ops.storage.runs import FactWriter

if TYPE_CHECKING:
    from codeio_ops.sandbox.attack import Outcome


def record_outcomes(
    outcomes: "Sequence[Outcome]", *, image_digest: str, writer: FactWriter
) -> SandboxCheck:
    """Store how the attacks on an image went."""
    check = SandboxCheck(
        sandbox_check_id=content_id("sandbox_check", image_digest, str(writer.run.stage_run_id)),
        image_digest=image_digest,
        programs=len(outcomes),
        escaped=[asdict(outcome) for outcome in outcomes if not outcome.contained],
        stage_run_id=writer.run.stage_run_id,
    )
    writer.write([check])
    return check


def require_contained(store: Store, image_digest: str) -> None:
    """Let an image pass unless its latest check shows an escape.

    An image that was never attacked passes: each of its containers still proves its
    confinement before a program runs in it (`selfcheck`).

    Raises:
        SandboxUnsafe: an attack escaped.
    """
    escaped = store.value("sandbox.escapes", image_digest=image_digest)
    if escaped:
        names = ", ".join(str(row["name"]) for row in escaped)
        raise SandboxUnsafe(
            f"hostile programs are not contained by the sandbox image in use: {names}",
            cure="mend the engine or the image, then run `codeio sandbox image` and "
            "`codeio sandbox attack --record`",
        )
