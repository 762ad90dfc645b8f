"""Calls the release functions of `codeio_ops` with the clients of a task."""

from uuid import UUID

from codeio_airflow.clients import TaskClients
from codeio_ops.jsonvalue import Json
from codeio_ops.quality.gates import GateInputs, decide, run_gate
from codeio_ops.release.assemble import assemble_release, find_release
from codeio_ops.release.publish import publish
from codeio_ops.release.recipe import parse_recipe


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
        open_sandbox=lambda: clients.sandbox,
        open_objects=lambda: clients.objects,
        cpu_s=clients.settings.call_cpu_s,
    )
    return run_gate(gate, release, inputs, writer=clients.writer)


def publish_candidate(release_id: str, clients: TaskClients) -> tuple[str, dict[str, Json]]:
    """Publish a candidate that passed every gate; return its URI and facts for the asset.

    Raises:
        GateFailed: a gate failed; the release is now `rejected`.
    """
    decide(find_release(clients.store, UUID(release_id)), store=clients.store)
    release = find_release(clients.store, UUID(release_id))
    uri = publish(release, store=clients.store, objects=clients.objects)
    return uri, {"row_count": release.samples, "version": release.version, "uri": uri}
