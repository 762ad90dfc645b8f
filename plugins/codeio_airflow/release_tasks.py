"""Calls the release functions of `codeio_ops` with the clients of a task."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from codeio_airflow.clients import TaskClients
from codeio_ops.jsonvalue import Json
from codeio_ops.quality.gates import run_gate
from codeio_ops.quality.leakage.quarantine import screen_samples
from codeio_ops.quality.measurement import GateInputs
from codeio_ops.quality.overrides import Decision, record_decision
from codeio_ops.quality.secrets import screen_private
from codeio_ops.release.assemble import assemble_release, find_release
from codeio_ops.release.judgement import decide, settle
from codeio_ops.release.publish import publish
from codeio_ops.release.recipe import parse_recipe

APPROVE = "Approve"
REJECT = "Reject"


def screen_finished(clients: TaskClients) -> dict[str, int]:
    """Quarantine the files of finished samples that leak a benchmark or hold private data."""
    leaks = screen_samples(
        store=clients.store,
        objects=clients.objects,
        writer=clients.writer,
        settings=clients.settings,
    )
    private = screen_private(store=clients.store, writer=clients.writer, settings=clients.settings)
    return dict(leaks + private)


def assemble_candidate(recipe: Json, clients: TaskClients) -> str:
    """Assemble the release of a recipe, and return its id."""
    release = assemble_release(parse_recipe(recipe), store=clients.store, writer=clients.writer)
    return str(release.release_id)


def judge_candidate(gate: str, release_id: str, clients: TaskClients) -> bool:
    """Judge a candidate by one gate, and return whether it passed."""
    release = find_release(clients.store, UUID(release_id))
    inputs = GateInputs(
        release_id=release.release_id,
        store=clients.store,
        objects=clients.objects,
        settings=clients.settings,
        open_sandbox=lambda: clients.sandbox,
        open_auditing_sandbox=lambda: clients.auditing_sandbox,
    )
    return run_gate(gate, release, inputs, writer=clients.writer)


def open_question(release_id: str, clients: TaskClients) -> str:
    """Return what a person must decide about, in Markdown; nothing when every gate passed.

    Raises:
        GateFailed: a hard gate failed; the release is now `rejected`.
    """
    release = find_release(clients.store, UUID(release_id))
    failed = decide(release, store=clients.store)
    if not failed:
        return ""
    lines = [
        f"- [{result.gate}](/codeio/gates/{release_id}/{result.gate}): {result.metric}: "
        f"{result.value:g}, at most {result.threshold:g}"
        for result in failed
    ]
    return "\n".join(
        [f"Of {release.name} v{release.version} ({release.samples} samples):", "", *lines]
    )


def record_answer(release_id: str, answer: Mapping[str, Any], clients: TaskClients) -> None:
    """Store what a person answered in the Airflow UI about the failed soft gates.

    Args:
        release_id: The candidate.
        answer: What a human-in-the-loop task returns.
        clients: Clients of the task.

    Raises:
        OverrideRefused: it approves and gives no reason.
    """
    release = find_release(clients.store, UUID(release_id))
    user = answer["responded_by_user"]
    when = answer["responded_at"]
    decision = Decision(
        approved=answer["chosen_options"] == [APPROVE],
        decided_by=user["name"] if user else "timeout",
        decided_at=datetime.fromisoformat(when) if isinstance(when, str) else when,
        reason=str(answer["params_input"].get("reason") or ""),
    )
    undecided = [result.gate_result_id for result in decide(release, store=clients.store)]
    record_decision(decision, undecided, writer=clients.writer)


def publish_candidate(release_id: str, clients: TaskClients) -> tuple[str, dict[str, Json]]:
    """Publish a candidate that passed every gate; return its URI and facts for the asset.

    Raises:
        GateFailed: a gate failed and nobody overrode it; the release is now `rejected`.
    """
    passed = settle(find_release(clients.store, UUID(release_id)), store=clients.store)
    release = publish(passed, store=clients.store, objects=clients.objects)
    facts: dict[str, Json] = {
        "row_count": release.samples,
        "version": release.version,
        "uri": release.uri,
    }
    return release.uri, facts
