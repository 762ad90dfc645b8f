"""Parses the DAGs in a process of its own and prints what they are, as one line of JSON.

Run by `conftest.py` with a database that cannot be reached.
"""

import inspect
import json
import sys
from typing import Any

from airflow.dag_processing.dagbag import DagBag
from airflow.sdk import Asset

from codeio_airflow import defaults
from codeio_ops import errors


def _task(task: Any) -> dict[str, Any]:
    # Which gates, sources or shards; known at parse time for gates alone.
    cut = getattr(task, "op_kwargs_expand_input", None) if task.is_mapped else None
    mapped = cut.value if cut else {}
    return {
        "pool": task.pool,
        "queue": task.queue,
        "owner": task.owner,
        "retries": task.retries,
        "timeout_s": task.execution_timeout.total_seconds() if task.execution_timeout else None,
        "policy_is_shared": task.retry_policy is defaults.DEFAULT_ARGS["retry_policy"],
        "outlets": [asset.name for asset in task.outlets or ()],
        "names": [name for name in mapped.get("name", ()) if isinstance(name, str)],
        "downstream": sorted(task.downstream_task_ids),
    }


def _dag(dag: Any) -> dict[str, Any]:
    scheduled = dag.schedule if isinstance(dag.schedule, list) else []
    return {
        "file": dag.fileloc,
        "tags": sorted(dag.tags),
        "doc": dag.doc_md,
        "catchup": dag.catchup,
        "begins_paused": dag.is_paused_upon_creation,
        "max_active_runs": dag.max_active_runs,
        "inlets": [item.name for item in scheduled if isinstance(item, Asset)],
        "tasks": {task.task_id: _task(task) for task in dag.topological_sort()},
    }


def _decisions() -> dict[str, str]:
    """Return what the retry policy does about each error of the platform."""
    policy = defaults.DEFAULT_ARGS["retry_policy"]
    leaves = [kind for _, kind in inspect.getmembers(errors, inspect.isclass)]
    return {
        kind.__name__: policy.evaluate(kind("no"), 1, 3).action.value
        for kind in [*leaves, ValueError]
    }


bag = DagBag(sys.argv[1])
report = {
    "import_errors": bag.import_errors,
    "dags": {dag_id: _dag(dag) for dag_id, dag in bag.dags.items()},
    "modules": sorted({name.partition(".")[0] for name in sys.modules}),
    "decisions": _decisions(),
}
print("\n" + json.dumps(report))
