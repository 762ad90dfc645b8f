"""Judges candidates on the way to publication, without measuring anything."""

from collections.abc import Iterable, Mapping

from codeio_ops.jsonvalue import Json
from codeio_ops.quality.gates import GATES
from codeio_ops.quality.measurement import Severity
from codeio_ops.release.assemble import Release
from codeio_ops.release.judgement import PassedRelease, settle
from codeio_ops.release.publish import publish
from codeio_ops.storage.engine import Store
from codeio_ops.storage.objects import ObjectStore
from codeio_ops.storage.runs import FactWriter
from support.facts import FactBuilder


def judge_all(
    release: Release,
    *,
    writer: FactWriter,
    failed: Mapping[str, Severity] | None = None,
    evidence: Mapping[str, Json] | None = None,
    gates: Iterable[str] = tuple(GATES),
) -> None:
    """Store a result of every gate: all pass but those in `failed`."""
    severities, found = failed or {}, evidence or {}
    facts = FactBuilder(writer.run.stage_run_id)
    for gate in gates:
        facts.gate_result(
            release.release_id,
            gate,
            passed=gate not in severities,
            severity=severities.get(gate, Severity.HARD),
            evidence=found.get(gate),
        )
    writer.write(facts.records)


def passed(release: Release, *, store: Store, writer: FactWriter) -> PassedRelease:
    """Let every gate pass a candidate."""
    judge_all(release, writer=writer)
    return settle(release, store=store)


def published(
    release: Release, *, store: Store, writer: FactWriter, objects: ObjectStore
) -> Release:
    """Let every gate pass a candidate, and publish it."""
    return publish(passed(release, store=store, writer=writer), store=store, objects=objects)
