"""Pages over a million rows: how long each takes, beside one over a thousand rows in the same run.

    python benchmarks/pages.py [--rows 1000000]

Starts a Postgres of its own, fills two databases by SQL (through the triggers that keep the
rollups), and asks every page several times, through the app itself. Prints the slowest answer
of each page over both databases, in milliseconds; exit code 1 when one takes more than a second.
"""

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

from fastapi.testclient import TestClient
from sqlalchemy import create_engine, text

REPOSITORY = Path(__file__).parents[1]
sys.path[:0] = [str(REPOSITORY / "plugins"), str(REPOSITORY / "tests")]

from storage import storage  # noqa: E402

from codeio_airflow.ui.app import build_app  # noqa: E402
from codeio_ops.config import Settings  # noqa: E402
from codeio_ops.local.state import StackState  # noqa: E402
from support.storage import fresh_settings  # noqa: E402

FEW_ROWS = 1000
LIMIT_S = 1.0
REPEATS = 5
PAIRS_OF_A_PROGRAM = 10
RUNS = 400


def main() -> int:
    """Fill, ask, print."""
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--rows", type=int, default=1_000_000)
    rows = arguments.parse_args().rows
    with storage() as (_, state):
        few = _measure(state, FEW_ROWS)
        many = _measure(state, rows)
    print(f"\n{'page':44} {FEW_ROWS:>9,} rows {rows:>11,} rows   ratio")
    for page, slowest_s in many.items():
        print(
            f"{page:44} {1000 * few[page]:>11.0f} ms {1000 * slowest_s:>13.0f} ms"
            f"   {slowest_s / few[page]:5.1f}"
        )
    slow = [page for page, slowest_s in many.items() if slowest_s > LIMIT_S]
    print(f"median {1000 * statistics.median(many.values()):.0f} ms, over {LIMIT_S:g} s: {slow}")
    return 1 if slow else 0


def _measure(state: StackState, rows: int) -> dict[str, float]:
    """Return the slowest answer of each page in seconds, over a database of so many rows."""
    with fresh_settings(state, Path(tempfile.gettempdir())) as settings:
        started = time.monotonic()
        _fill(settings, rows)
        print(f"{rows:,} rows written in {time.monotonic() - started:.0f} s", flush=True)
        app = build_app(settings, logged_in=None, active_tasks=list)
        with TestClient(app) as client:
            return {label: _slowest(client, path) for label, path in _pages(settings).items()}


def _fill(settings: Settings, rows: int) -> None:
    engine = create_engine(settings.owner_database_url.get_secret_value())
    script = Path(__file__).with_name("pages.sql").read_text()
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for statement in script.split(";\n"):
            if statement.strip():
                values = {"rows": rows, "programs": rows // PAIRS_OF_A_PROGRAM, "runs": RUNS}
                used = {name: value for name, value in values.items() if f":{name}" in statement}
                connection.execute(text(statement), used)
    engine.dispose()


def _pages(settings: Settings) -> dict[str, str]:
    """Return the pages to ask by label: first pages, pages from the middle, every filter."""
    engine = create_engine(settings.auditor_database_url.get_secret_value())
    with engine.connect() as connection:

        def some(question: str) -> str:
            return str(connection.execute(text(question)).scalar_one())

        sample = some("SELECT sample_id FROM codeio.sample_facet ORDER BY 1 LIMIT 1")
        release = some("SELECT release_id FROM codeio.release WHERE version = 1")
        other = some("SELECT release_id FROM codeio.release WHERE version = 2")
        teacher = some("SELECT teacher_id FROM codeio.teacher ORDER BY model LIMIT 1")
        source = some("SELECT source_id FROM codeio.source ORDER BY locator LIMIT 1")
        run = some("SELECT run_id FROM codeio.stage_run LIMIT 1")
    engine.dispose()
    middle = "80000000-0000-8000-8000-000000000000"
    both = f"teacher_id={teacher}&source_id={source}&verdict=timeout&direction=input"
    return {
        "overview": "/overview",
        "runs": "/runs",
        "run": f"/run?dag_id=answer_prompts&run_id={run}",
        "gates": "/gates",
        "a gate": f"/gates/{release}/integrity",
        "releases": "/releases",
        "a release": f"/releases/{release}",
        "difference of two releases": f"/releases/diff?one={release}&other={other}",
        "samples": "/samples",
        "samples, from the middle": f"/samples?after={middle}",
        "samples, a verdict": "/samples?verdict=wrong",
        "samples, a rare verdict": "/samples?verdict=memory_limit",
        "samples, four filters that exclude each other": f"/samples?{both}",
        "samples of a release": f"/samples?release_id={release}",
        "samples, a word that all have": "/samples?search=function",
        "samples, a rare word": "/samples?search=function_77",
        "samples, a rare word and a verdict": "/samples?search=path_7&verdict=wrong",
        "a sample": f"/samples/{sample}",
        "dropped": "/dropped",
        "dropped, from the middle": f"/dropped?after={middle}",
        "dropped, a reason": "/dropped?stage=ingest&reason=duplicate",
        "dropped, a rare reason": "/dropped?stage=ingest&reason=secret",
        "teachers": "/teachers",
        "sandbox": "/sandbox",
        "sources": "/sources",
    }


def _slowest(client: TestClient, path: str) -> float:
    taken = []
    client.get(path)  # opens the connection and compiles the template
    for _ in range(REPEATS):
        started = time.perf_counter()
        answer = client.get(path)
        taken.append(time.perf_counter() - started)
        assert answer.status_code == 200, (path, answer.text)
    return max(taken)


if __name__ == "__main__":
    sys.exit(main())
