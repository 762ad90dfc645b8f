"""Prints why gates hold a release back and what it leaves out, each with source and path."""

from collections.abc import Sequence
from uuid import UUID

from codeio_ops.cli.output import print_rows, print_text
from codeio_ops.release.explanation import advices_of, findings_in, places_in
from codeio_ops.release.judgement import StoredResult
from codeio_ops.release.refusal import counted, cures_of, left_out_counts, left_out_rows
from codeio_ops.storage.engine import Store

MOST = 5
MOST_ROWS = 20


def print_failed(results: Sequence[StoredResult], store: Store) -> None:
    """Print of each gate that failed what its checks mean, what they found, and what to do."""
    failed = [result for result in results if not result.passed]
    places = places_in([result.evidence for result in failed], store)
    for result in failed:
        advices = advices_of(result.gate, result.evidence)
        meanings = " ".join(advice.meaning for advice in advices)
        print_text(f"{result.gate} failed ({result.severity}). It demands: {meanings}")
        findings = findings_in(result.evidence, places)
        for finding in findings[:MOST]:
            print_text(f"  {finding}")
        if len(findings) > MOST:
            print_text(f"  and {len(findings) - MOST} more; --json has them")
        print_text(f"  What to do: {' '.join(advice.cure for advice in advices)}")
    if failed:
        print_text("The chain of a sample: codeio lineage SAMPLE_ID\n")


def print_left_out(store: Store, release_id: UUID) -> None:
    """Print how many samples a release leaves out, by reason, and the first of them."""
    counts = left_out_counts(store, release_id)
    print_text(f"left out: {counted(counts) or 'nothing'}")
    if counts:
        rows = left_out_rows(store, release_id, most=MOST_ROWS)
        shown = f" (the first {MOST_ROWS})" if len(rows) == MOST_ROWS else ""
        print_rows(f"Left out{shown}", rows, as_json=False)
        print_text(f"What to do: {cures_of(each.reason for each in counts)}\n")
