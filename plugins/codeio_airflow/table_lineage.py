"""Tells OpenLineage which tables a task read and wrote, and how many rows.

Used where the provider is installed and configured (`AIRFLOW__OPENLINEAGE__TRANSPORT`); nothing
else imports this module. Asked when a task has ended, it answers from what the try wrote.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

from airflow.providers.openlineage.extractors.base import BaseExtractor, OperatorLineage
from airflow.sdk.types import RuntimeTaskInstanceProtocol
from openlineage.client.event_v2 import Dataset, InputDataset, OutputDataset
from openlineage.client.facet_v2 import (
    DatasetFacet,
    OutputDatasetFacet,
    RunFacet,
    dataset_version_dataset,
    output_statistics_output_dataset,
    schema_dataset,
)
from sqlalchemy import make_url

from codeio_airflow.assets import RELEASES
from codeio_airflow.connections import settings_of_task
from codeio_ops import records
from codeio_ops.config import Settings
from codeio_ops.release.publish import prefix_of
from codeio_ops.storage.engine import Store

# What each stage of the funnel reads and writes.
_READS_AND_WRITES: dict[str, tuple[type[records.Record], type[records.Record]]] = {
    "transform": (records.RawFile, records.ProgramRow),
    "sample": (records.ProgramRow, records.IoPair),
    "prompt": (records.IoPair, records.PromptRow),
    "answer": (records.PromptRow, records.ResponseRow),
    "verify": (records.ResponseRow, records.VerdictRow),
    "revise": (records.VerdictRow, records.ResponseRow),
    "release": (records.VerdictRow, records.SampleRow),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """Facts of a stage that a try of a task wrote."""

    stage: str
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRead:
    """A source that a try of a task read."""

    kind: str
    locator: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A release that a DAG run published."""

    name: str
    version: int
    samples: int


class TableExtractor(BaseExtractor):
    """Extracts the lineage of the `@task` functions of this platform."""

    @classmethod
    def get_operator_classnames(cls) -> list[str]:
        """Return the operator that `@task` makes."""
        return ["_PythonDecoratedOperator"]

    def _execute_extraction(self) -> OperatorLineage[Dataset, RunFacet]:
        """Return nothing at the start: only the end knows what was written."""
        return OperatorLineage()

    def extract_on_complete(
        self, task_instance: RuntimeTaskInstanceProtocol
    ) -> OperatorLineage[Dataset, RunFacet]:
        """Return the datasets of a try that has ended."""
        settings = settings_of_task()
        run = {"dag_id": task_instance.dag_id, "run_id": task_instance.run_id}
        index = -1 if task_instance.map_index is None else task_instance.map_index
        task = {"task_id": task_instance.task_id, "map_index": index}
        this_try = {**run, **task, "try_number": task_instance.try_number}
        store = Store.open(settings.database_url.get_secret_value())
        try:
            written = store.fetch("lineage.written", Written, **this_try)
            sources = store.fetch("lineage.sources_read", SourceRead, **this_try)
            publishes = any(outlet == RELEASES for outlet in self.operator.outlets)
            published = store.fetch("lineage.published", Published, **run) if publishes else []
        finally:
            store.close()
        return OperatorLineage(
            inputs=[*_inputs(settings, written), *map(_source, sources)],
            outputs=[
                *_outputs(settings, written),
                *(_release(settings, release) for release in published),
            ],
        )


def _inputs(settings: Settings, written: Sequence[Written]) -> list[InputDataset]:
    tables = {stage: table for stage, (table, _) in _READS_AND_WRITES.items()}
    return [
        InputDataset(
            namespace=_namespace(settings),
            name=_name(settings, tables[w.stage]),
            facets=_facets(tables[w.stage]),
        )
        for w in written
        if w.stage in tables
    ]


def _outputs(settings: Settings, written: Sequence[Written]) -> list[OutputDataset]:
    tables = {stage: table for stage, (_, table) in _READS_AND_WRITES.items()}
    tables["ingest"] = records.RawFile
    return [
        OutputDataset(
            namespace=_namespace(settings),
            name=_name(settings, tables[w.stage]),
            facets=_facets(tables[w.stage]),
            outputFacets=_rows(w.rows),
        )
        for w in written
    ]


def _source(source: SourceRead) -> InputDataset:
    return InputDataset(namespace=source.kind, name=source.locator)


def _release(settings: Settings, release: Published) -> OutputDataset:
    version = dataset_version_dataset.DatasetVersionDatasetFacet(str(release.version))
    return OutputDataset(
        namespace=f"s3://{settings.s3_bucket}",
        name=prefix_of(release.name, release.version).rstrip("/"),
        facets={"version": version},
        outputFacets=_rows(release.samples),
    )


def _rows(count: int) -> dict[str, OutputDatasetFacet]:
    facet = output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(rowCount=count)
    return {"outputStatistics": facet}


def _facets(table: type[records.Record]) -> dict[str, DatasetFacet]:
    columns = [
        schema_dataset.SchemaDatasetFacetFields(
            name=column.name, type=getattr(column.type, "__name__", str(column.type))
        )
        for column in fields(table)
    ]
    return {"schema": schema_dataset.SchemaDatasetFacet(fields=columns)}


def _namespace(settings: Settings) -> str:
    url = make_url(settings.database_url.get_secret_value())
    return f"postgres://{url.host}:{url.port}"


def _name(settings: Settings, table: type[records.Record]) -> str:
    url = make_url(settings.database_url.get_secret_value())
    return f"{url.database}.codeio.{table.table}"
