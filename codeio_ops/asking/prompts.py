"""The prompt stage: two questions about each of a program's first pairs."""

from collections import Counter
from dataclasses import dataclass
from uuid import UUID

from codeio_ops.fingerprint import content_id
from codeio_ops.jsonvalue import Json
from codeio_ops.records import PromptRow
from codeio_ops.storage.shards import Rows, Shard
from codeio_ops.teacher.prompting import (
    PREDICT_TEMPLATES,
    PredictTask,
    current_templates,
    predict_prompt,
    template_fingerprint,
)
from codeio_ops.unified_form import Direction
from codeio_ops.work import Work


@dataclass(frozen=True, slots=True, kw_only=True)
class _PendingPrompt:
    io_pair_id: UUID
    input: Json
    output: Json
    direction: Direction
    language: str
    main_function: str
    io_description: str
    problem_statement: str


def parameters(work: Work, rows: Rows) -> dict[str, object]:
    """Return what the queries of the stage need."""
    prompted = {"prompted_pairs": work.settings.prompted_pairs}
    return prompted | ({"templates": current_templates()} if rows == "stale" else {})


def build_prompts(shard: Shard, work: Work) -> Counter[str]:
    """Write the prompts of the shard's pairs, in both directions.

    Of a shard of stale rows: those that another template wrote, anew.

    Returns:
        Counts by direction.
    """
    pending = work.rows(shard, _PendingPrompt, **parameters(work, shard.rows))
    run_id = work.writer.run.stage_run_id
    work.writer.write([_row(item, run_id) for item in pending])
    return Counter(item.direction for item in pending)


def _row(item: _PendingPrompt, stage_run_id: UUID) -> PromptRow:
    template_sha256 = template_fingerprint(PREDICT_TEMPLATES[item.direction])
    return PromptRow(
        prompt_id=content_id("prompt", str(item.io_pair_id), item.direction, template_sha256),
        io_pair_id=item.io_pair_id,
        direction=item.direction,
        template_sha256=template_sha256,
        body=_body(item),
        stage_run_id=stage_run_id,
    )


def _body(item: _PendingPrompt) -> str:
    task = PredictTask(
        direction=item.direction,
        problem_statement=item.problem_statement,
        io_description=item.io_description,
        reference_code=item.main_function,
        given=item.input if item.direction == "output" else item.output,
    )
    return predict_prompt(task, language=item.language)
