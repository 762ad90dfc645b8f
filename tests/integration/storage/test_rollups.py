"""The rollups say what the facts say, and nobody but their triggers writes them."""

import psycopg2
import pytest
from psycopg2.errors import InsufficientPrivilege
from sqlalchemy import create_engine, make_url, text

from codeio_airflow.ui.rows import Row
from codeio_ops.config import Settings
from codeio_ops.funnel import read_funnel
from codeio_ops.storage.engine import Store
from support.facts import Chain


def test_the_funnel_of_the_rollup_is_that_of_the_facts(settings: Settings, store: Store) -> None:
    for number in range(7):
        Chain(settings=settings, number=number, verdict="wrong").write(store)
    steps = read_funnel(store)
    # A stage that only filters is left out as long as it has dropped nothing.
    shown = {step.stage for step in steps}
    facts = {stage: row for stage, row in _funnel_of_facts(settings).items() if stage in shown}
    assert {"ingest", "sample", "verify", "release"} <= shown
    assert {step.stage: step.passed for step in steps} == {
        stage: row.passed for stage, row in facts.items()
    }
    assert {step.stage: step.dropped for step in steps} == {
        stage: row.dropped for stage, row in facts.items()
    }
    assert all(step.waiting in {None, facts[step.stage].pending} for step in steps)


def _funnel_of_facts(settings: Settings) -> dict[str, Row]:
    engine = create_engine(settings.auditor_database_url.get_secret_value())
    with engine.connect() as link:
        rows = link.execute(text("SELECT * FROM codeio.funnel")).mappings().all()
    engine.dispose()
    return {str(row["stage"]): Row(**row) for row in rows}


def test_a_fact_written_twice_counts_once(settings: Settings, store: Store) -> None:
    chain = Chain(settings=settings)
    chain.write(store)
    before = store.fetch("pages.stages", Row, dag_id="", run_id="")
    chain.write(store)
    assert store.fetch("pages.stages", Row, dag_id="", run_id="") == before


def test_a_transaction_undone_leaves_no_count(settings: Settings, store: Store) -> None:
    class Undone(Exception):
        pass

    with pytest.raises(Undone), store.transaction() as transaction:
        Chain(settings=settings).insert(transaction)
        raise Undone
    assert store.fetch("pages.stages", Row, dag_id="", run_id="") == []


@pytest.mark.parametrize("table", ["stage_run_tally", "sample_facet"])
def test_the_application_cannot_write_a_rollup(settings: Settings, table: str) -> None:
    url = make_url(settings.database_url.get_secret_value()).set(drivername="postgresql")
    link = psycopg2.connect(url.render_as_string(hide_password=False))
    with link.cursor() as cursor, pytest.raises(InsufficientPrivilege):
        cursor.execute(f"DELETE FROM codeio.{table}")
    link.close()
