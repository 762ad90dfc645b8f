"""What the platform does in its database, done by way of pgbouncer."""

import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from threading import Event, Thread
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from codeio_ops.local import health, pooler, ports, processes, stack
from codeio_ops.local.components import Part
from codeio_ops.local.home import Home
from codeio_ops.local.stack import Started
from codeio_ops.reasons import DropReason
from codeio_ops.records import Drop, DropRecord
from codeio_ops.storage.engine import Store
from codeio_ops.storage.runs import FactWriter, TaskIdentity, stage_run
from support.storage import quiet
from support.workers import needs_workers

pytestmark = needs_workers


@pytest.fixture(scope="module")
def started() -> Iterator[Started]:
    """Postgres and pgbouncer, and nothing else."""
    with tempfile.TemporaryDirectory(prefix="codeio-test-", dir="/tmp") as directory:
        home = Home(Path(directory))
        parts = frozenset({Part.POSTGRES})
        try:
            yield stack.up(
                home, parts=parts, say=quiet, user={}, preferred=ports.ANY, worker_count=1
            )
        finally:
            stack.down(home, say=quiet)


@pytest.fixture(scope="module")
def url(started: Started) -> str:
    """The database as the tasks reach it."""
    found = started.settings.database_url.get_secret_value()
    assert f":{started.state.ports['pgbouncer']}/" in found
    return found


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    opened = Store.open(url)
    yield opened
    opened.close()


def test_locks_exclude_each_other_while_others_use_the_connections(store: Store) -> None:
    taken = Event()

    def take() -> None:
        with store.locked("one", shared=True):
            taken.set()

    other = Thread(target=take)
    with store.locked("one"):
        other.start()
        # Each of them may be given the connection of another; a lock of a session would follow.
        assert [store.value("funnel.raw_files") for _ in range(50)] == [0] * 50
        assert not taken.wait(0.3)
    assert taken.wait(10)
    other.join()


def test_as_many_locks_as_tasks_may_hold_leave_room_for_their_work(store: Store) -> None:
    with ExitStack() as held:
        for number in range(12):
            held.enter_context(store.locked(f"task {number}"))
        assert store.value("funnel.raw_files") == 0


def test_writers_side_by_side_store_all_rows(started: Started, url: str) -> None:
    def write(number: int) -> int:
        opened = Store.open(url)
        task = TaskIdentity(dag_id="tests", run_id="pooler", task_id=str(number))
        writer = FactWriter(opened, run := stage_run("ingest", task, started.settings))
        drop = Drop(reason=DropReason.BAD_ROW, detail="")
        stored = writer.write(
            [
                DropRecord.new(
                    drop, stage="tests", subject_id=uuid4(), stage_run_id=run.stage_run_id
                )
                for _ in range(300)
            ]
        )
        opened.close()
        return stored

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(write, range(8))) == [300] * 8


def test_rows_are_streamed_by_a_cursor_of_the_server(url: str) -> None:
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as link:
        rows = link.execution_options(yield_per=100).execute(
            text("SELECT generate_series(1, 5000)")
        )
        assert sum(rows.scalars()) == 5000 * 5001 // 2


def test_the_auditor_is_as_bounded_as_without_it(started: Started) -> None:
    auditor = started.settings.auditor_database_url.get_secret_value()
    engine = create_engine(auditor, poolclass=NullPool)
    with engine.connect() as link:
        assert link.execute(text("SHOW default_transaction_read_only")).scalar_one() == "on"
        assert link.execute(text("SHOW statement_timeout")).scalar_one() == "30s"


def test_one_that_died_is_noticed_and_started_anew(started: Started) -> None:
    home = Home(started.settings.home)
    assert "PgBouncer" in pooler.check(started.state)
    before = processes.records(home)["pgbouncer"]
    processes.kill(processes.family(before))
    health.wait(home, started.state, ("pgbouncer",))
    assert processes.records(home)["pgbouncer"].pid != before.pid
