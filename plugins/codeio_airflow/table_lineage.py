"""Tells OpenLineage which tables a task read and wrote, and how many rows.

Used where the provider is installed and configured (`AIRFLOW__OPENLINEAGE__TRANSPORT`); nothing
else imports this module. Asked when a task has ended, it answers from what the try wrote.
"""

from collections.abc import Sequence
from dataclasses import dataclass

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
from codeio_ops.config import Settings
from codeio_ops.pipeline import STAGES
from codeio_ops.release.readback import prefix_of
from codeio_ops.storage.engine import Store


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
            tables = _Tables(settings, store)
            return OperatorLineage(
                inputs=[*tables.read(written), *map(_source, sources)],
                outputs=[
                    *tables.written(written),
                    *(_release(settings, release) for release in published),
                ],
            )
        finally:
            store.close()


class _Tables:
    """The tables of our database as datasets, with their columns."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self._url = make_url(settings.database_url.get_secret_value())
        self._store = store

    def read(self, written: Sequence[Written]) -> list[InputDataset]:
        """Return what the stages took that wrote something."""
        tables = [STAGES[item.stage].reads for item in written]
        return [
            InputDataset(
                namespace=self._namespace, name=self._name(table), facets=self._facets(table)
            )
            for table in tables
            if table
        ]

    def written(self, written: Sequence[Written]) -> list[OutputDataset]:
        """Return what the stages made, with counts of rows."""
        return [
            OutputDataset(
                namespace=self._namespace,
                name=self._name(table),
                facets=self._facets(table),
                outputFacets=_rows(item.rows),
            )
            for item in written
            if (table := STAGES[item.stage].writes)
        ]

    @property
    def _namespace(self) -> str:
        return f"postgres://{self._url.host}:{self._url.port}"

    def _name(self, table: str) -> str:
        return f"{self._url.database}.codeio.{table}"

    def _facets(self, table: str) -> dict[str, DatasetFacet]:
        columns = self._store.fetch(
            "lineage.columns", schema_dataset.SchemaDatasetFacetFields, table=table
        )
        return {"schema": schema_dataset.SchemaDatasetFacet(fields=columns)}


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
