"""Calls the release functions of `codeio_ops` with the work of a task."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from codeio_airflow.plugin import pages_path
from codeio_ops.errors import OverrideRefused
from codeio_ops.jsonvalue import Json
from codeio_ops.pipeline import OTHER_RECIPE
from codeio_ops.quality.gates import run_gate
from codeio_ops.quality.leakage.quarantine import screen_samples
from codeio_ops.quality.measurement import GateInputs
from codeio_ops.quality.overrides import Decision, answer_question
from codeio_ops.quality.refusals import release_of
from codeio_ops.quality.secrets import screen_private
from codeio_ops.release.assemble import find_release
from codeio_ops.release.explanation import places_in
from codeio_ops.release.judgement import TIMEOUT, decide, describe, settle
from codeio_ops.release.publish import publish
from codeio_ops.release.recipe import Recipe, parse_recipe
from codeio_ops.work import Work

APPROVE = "Approve"
REJECT = "Reject"


def screen_finished(work: Work) -> dict[str, int]:
    """Quarantine the files of finished samples that leak a benchmark or hold private data."""
    return dict(screen_samples(work) + screen_private(work))


def runs_of_others(params: Mapping[str, Json], work: Work) -> list[dict[str, object]]:
    """Return the runs for the nightly recipes but the first; none where a recipe is named."""
    if params["recipe"]:
        return []
    return [
        {
            "trigger_run_id": f"{work.task.run_id}{OTHER_RECIPE}{number}",
            "conf": {**params, "recipe": recipe},
        }
        for number, recipe in enumerate(work.settings.recipes_nightly[1:], start=2)
    ]


def recipe_of_run(recipe: Json, work: Work) -> Recipe:
    """Return the recipe of a run: the one that is named, or else the first of the nightly ones."""
    return parse_recipe(recipe or work.settings.recipes_nightly[0])


def assemble_candidate(params: Mapping[str, Any], work: Work) -> str:
    """Assemble the release of a recipe, and return its id.

    Args:
        params: Of the run: `recipe`, see `recipe_of_run`; `current`, ids of the teachers that the
            word means in it, empty for the one in use; `new_recipe`, whether it may take the
            name of another.
        work: What the task works with.
    """
    release = release_of(
        recipe_of_run(params["recipe"], work),
        work,
        current=[UUID(each) for each in params["current"]],
        new_recipe=params["new_recipe"],
    )
    return str(release.release_id)


def judge_candidate(gate: str, release_id: str, work: Work) -> bool:
    """Judge a candidate by one gate, and return whether it passed."""
    release = find_release(work.store, UUID(release_id))
    inputs = GateInputs(
        release_id=release.release_id,
        store=work.store,
        objects=work.objects,
        settings=work.settings,
        open_sandbox=lambda: work.sandbox,
        open_auditing_sandbox=lambda: work.auditing_sandbox,
        writer=work.writer,
    )
    return run_gate(gate, release, inputs)


def open_question(release_id: str, work: Work) -> str:
    """Return what a person must decide about, in Markdown; nothing when every gate passed.

    Raises:
        GateFailed: a hard gate failed; the release is now `rejected`.
    """
    release = find_release(work.store, UUID(release_id))
    failed = decide(release, store=work.store)
    if not failed:
        return ""
    places = places_in([result.evidence for result in failed], work.store)
    gates = f"{pages_path()}/gates/{release_id}"
    lines = [
        f"- [{result.gate}]({gates}/{result.gate}): {describe(result, places)}" for result in failed
    ]
    return "\n".join(
        [f"Of {release.name} v{release.version} ({release.samples} samples):", "", *lines]
    )


def record_answer(release_id: str, answer: Mapping[str, Any], work: Work) -> None:
    """Store what a person answered in the Airflow UI about the failed soft gates.

    Args:
        release_id: The candidate.
        answer: What a human-in-the-loop task returns.
        work: What the task works with.

    Raises:
        DecisionTooLate: it is about what no longer waits.
        OverrideRefused: it approves and gives no reason, or is by who may not decide.
    """
    release = find_release(work.store, UUID(release_id))
    user = answer["responded_by_user"]
    _require_overrider(user, work)
    when = answer["responded_at"]
    decision = Decision(
        approved=answer["chosen_options"] == [APPROVE],
        decided_by=user["name"] if user else TIMEOUT,
        decided_at=datetime.fromisoformat(when) if isinstance(when, str) else when,
        reason=str(answer["params_input"].get("reason") or ""),
    )
    answer_question(decision, release, store=work.store, writer=work.writer)


def _require_overrider(user: Mapping[str, str] | None, work: Work) -> None:
    named = work.settings.overriders
    if named and user and user["id"] not in named:
        raise OverrideRefused(
            f"{user['name']} may not decide about a failed gate",
            cure="Let one of CODEIO_OVERRIDERS answer, after clearing `ask_override`.",
        )


def publish_candidate(release_id: str, work: Work) -> tuple[str, dict[str, Json]]:
    """Publish a candidate that passed every gate; return its URI and facts for the asset.

    Raises:
        GateFailed: a gate failed and nobody overrode it; the release is now `rejected`.
    """
    passed = settle(find_release(work.store, UUID(release_id)), store=work.store)
    release = publish(passed, store=work.store, objects=work.objects)
    facts: dict[str, Json] = {
        "row_count": release.samples,
        "version": release.version,
        "uri": release.uri,
    }
    return release.uri, facts
