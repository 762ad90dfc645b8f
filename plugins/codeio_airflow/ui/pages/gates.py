"""Gates: what each gate measured on a release candidate, its verdict and its evidence."""

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse

from codeio_airflow.ui.clients import AuditorStore
from codeio_airflow.ui.paging import AFTER_ALL, FAR_FUTURE
from codeio_airflow.ui.release_rows import find_release, gate_results, release_page
from codeio_airflow.ui.view import render
from codeio_ops.jsonvalue import Json
from codeio_ops.release.explanation import broken_checks, gate_advice, places_in
from codeio_ops.storage.queries import Advice, check_advice

router = APIRouter()

KNOWN = (
    "gate_result_id", "release_id", "gate", "passed", "metric", "value", "threshold", "evidence",
    "judged_at", "stage_run_id", "approved", "decided_by", "decided_at", "reason",
)  # fmt: skip


@router.get("/gates")
def gates(
    request: Request,
    store: AuditorStore,
    before: datetime = FAR_FUTURE,
    before_id: UUID = AFTER_ALL,
) -> HTMLResponse:
    """List releases, newest first, each with its gates."""
    page = release_page(store, before, before_id)
    results = {row.release_id: gate_results(store, row.release_id) for row in page.rows}
    return render(request, "gates", {"page": page, "results": results})


@router.get("/gates/{release_id}/{gate}")
def gate(request: Request, store: AuditorStore, release_id: UUID, gate: str) -> HTMLResponse:
    """Show one gate's measurement and evidence."""
    release = find_release(store, release_id)
    found = gate_results(store, release_id, gate)
    if not found:
        raise HTTPException(404, f"no gate {gate} has judged this release")
    result = found[0]
    checks = broken_checks(result.evidence)
    content = {
        "release": release,
        "result": result,
        "more": result.rest(*KNOWN),
        "advice": gate_advice(gate),
        "checks": checks,
        "sound": _sound_checks(result.evidence, {check.name for check in checks}),
        "places": places_in(result.evidence, store),
    }
    return render(request, "gate", content)


def _sound_checks(evidence: Json, broken: set[str]) -> dict[str, Advice]:
    """Return the other checks that the gate `integrity` ran, each with what it means."""
    ran = evidence.get("checks") if isinstance(evidence, dict) else None
    names = ran if isinstance(ran, list) else []
    return {str(name): check_advice(str(name)) for name in names if str(name) not in broken}
