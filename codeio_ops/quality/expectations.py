"""The expectations gate: Great Expectations over a candidate, its Data Docs kept in S3.

It runs in the database, over columns that stand there: `expectations.fill` says which. One
checkpoint judges a release. A critical expectation that does not hold makes the failure hard;
when only warnings do not hold, it is soft, and a person may let it pass.
"""

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from codeio_ops.jsonvalue import Json
from codeio_ops.quality.measurement import Severity
from codeio_ops.quality.measures import definition_of, store_measures
from codeio_ops.release.assemble import Release
from codeio_ops.release.recipe import Recipe
from codeio_ops.storage.engine import Store
from codeio_ops.storage.objects import ObjectStore
from codeio_ops.storage.runs import FactWriter

if TYPE_CHECKING:
    from great_expectations import ExpectationSuite
    from great_expectations.checkpoint import CheckpointResult

# Tokenisers of today give a token to 3 or more characters of English and code.
CHARS_PER_TOKEN = 3
_SITE = "candidate"
_DATABASE = "CANDIDATE_DATABASE"
_EXAMPLES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedExpectation:
    """An expectation that does not hold.

    Attributes:
        meaning: What it demands, in a sentence; empty where its name and column say it.
        rows: Rows that break it; None where it is about the whole column or table.
        samples: Ids of some of them.
        observed: What was found instead, where it is about the whole.
    """

    expectation: str
    column: str
    meaning: str
    severity: Literal["critical", "warning"]
    rows: int | None
    samples: tuple[str, ...]
    observed: str

    def to_json(self) -> Json:
        """Return it as evidence."""
        return {
            "expectation": self.expectation,
            "column": self.column,
            "meaning": self.meaning,
            "severity": self.severity,
            "rows": self.rows,
            "samples": list(self.samples),
            "observed": self.observed,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectationReport:
    """What the checkpoint found; `data_docs` is the URI of its first page."""

    expectations: int
    failed: tuple[FailedExpectation, ...]
    data_docs: str

    @property
    def severity(self) -> Severity:
        """Return `soft` when only warnings failed: then a person may let the release pass."""
        kinds = {item.severity for item in self.failed}
        return Severity.SOFT if kinds == {"warning"} else Severity.HARD

    def evidence(self) -> Json:
        """Return the report as the evidence of a gate."""
        failed: list[Json] = [item.to_json() for item in self.failed]
        return {
            "expectations": self.expectations,
            "failed": failed,
            "data_docs": self.data_docs,
        }


def docs_prefix(name: str, version: int) -> str:
    """Return the prefix of the Data Docs of a candidate in the bucket."""
    return f"candidates/{name}/{version}/data_docs/"


def judge_expectations(
    release: Release, *, store: Store, objects: ObjectStore, writer: FactWriter
) -> ExpectationReport:
    """Run the suite over a candidate, and put its Data Docs into the bucket."""
    # It would report its use to its makers.
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    from codeio_ops.quality.expectations_suite import Share, release_suite

    recipe = Recipe.model_validate(release.recipe)
    previous = store.fetch(
        "release.previous_shares", Share, name=release.name, version=release.version
    )
    suite = release_suite(recipe, release.samples, previous)
    prefix = docs_prefix(release.name, release.version)
    with candidate_rows(release, recipe, store, writer), tempfile.TemporaryDirectory() as directory:
        result = _run(release, suite, store, Path(directory))
        _upload(Path(directory), prefix, objects)
        results = [item for run in result.run_results.values() for item in run.results]
        failed = tuple(_failed(item, release, store) for item in results if not item.success)
    return ExpectationReport(
        expectations=len(results),
        failed=failed,
        data_docs=f"s3://{objects.bucket}/{prefix}index.html",
    )


@contextmanager
def candidate_rows(
    release: Release, recipe: Recipe, store: Store, writer: FactWriter
) -> Iterator[None]:
    """Have the rows of a candidate in `codeio_scratch.candidate_row` for the block."""
    definition = definition_of(recipe, store)
    store_measures(release.release_id, recipe, definition, store, writer)
    with store.transaction() as transaction:
        # A gate that was killed left its own.
        transaction.execute("expectations.clear", release_id=release.release_id)
        transaction.execute(
            "expectations.fill",
            release_id=release.release_id,
            definition_id=definition,
            replaces=recipe.wrong == "replace",
            turns=recipe.turns,
            separator_chars=len(recipe.separator),
            chars_per_token=CHARS_PER_TOKEN,
        )
        transaction.execute("expectations.analyze")
    try:
        yield
    finally:
        with store.transaction() as transaction:
            transaction.execute("expectations.clear", release_id=release.release_id)


def _run(
    release: Release, suite: "ExpectationSuite", store: Store, directory: Path
) -> "CheckpointResult":
    import great_expectations as gx
    from great_expectations.checkpoint import UpdateDataDocsAction
    from great_expectations.data_context.types.base import ProgressBarsConfig

    name = f"{release.name} v{release.version}"
    # By its name in what is written down, which so holds no password.
    context = gx.get_context(mode="ephemeral", runtime_environment={_DATABASE: store.url})
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    # The site that every context has would be written to a directory of its own.
    for site in context.get_docs_sites_urls():
        context.delete_data_docs_site(str(site["site_name"]))
    context.add_data_docs_site(
        _SITE,
        {
            "class_name": "SiteBuilder",
            "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
            "store_backend": {
                "class_name": "TupleFilesystemStoreBackend",
                "base_directory": str(directory),
            },
        },
    )
    source = context.data_sources.add_postgres("candidate", connection_string=f"${{{_DATABASE}}}")
    rows = f"SELECT * FROM codeio_scratch.candidate_row WHERE release_id = '{release.release_id}'"  # noqa: S608 - a UUID
    asset = source.add_query_asset(name, rows)
    definition = gx.ValidationDefinition(
        name=name,
        data=asset.add_batch_definition_whole_table("all rows"),
        suite=context.suites.add(suite),
    )
    checkpoint = gx.Checkpoint(
        name=name,
        validation_definitions=[context.validation_definitions.add(definition)],
        actions=[UpdateDataDocsAction(name="data docs", site_names=[_SITE])],
        result_format={
            "result_format": "SUMMARY",
            "unexpected_index_column_names": ["sample_id"],
            "partial_unexpected_count": _EXAMPLES,
        },
    )
    try:
        return context.checkpoints.add(checkpoint).run()
    finally:
        # Each has a pool, which would hold its connections until it is collected.
        source.get_execution_engine().close()
        source.get_engine().dispose()


def _upload(directory: Path, prefix: str, objects: ObjectStore) -> None:
    for path in sorted(directory.rglob("*")):
        if path.is_file():
            objects.put(prefix + path.relative_to(directory).as_posix(), path.read_bytes())


def _failed(item: Any, release: Release, store: Store) -> FailedExpectation:
    config, result = item.expectation_config, item.result
    columns = config.kwargs.get("column_list") or [config.kwargs.get("column", "")]
    observed = result.get("observed_value", _exception_message(item.exception_info))
    return FailedExpectation(
        expectation=config.type,
        column=", ".join(map(str, columns)),
        meaning=str(config.notes or ""),
        severity="warning" if config.severity == "warning" else "critical",
        rows=result.get("unexpected_count"),
        samples=tuple(_examples(result, release, store)),
        observed="" if observed is None else str(observed),
    )


def _exception_message(info: Mapping[str, Any]) -> str | None:
    """Return what went wrong; of several questions to the database, each has an entry."""
    if "exception_message" in info:
        message: str | None = info["exception_message"]
        return message
    return "; ".join(sorted({str(each["exception_message"]) for each in info.values()}))


def _examples(result: Mapping[str, Any], release: Release, store: Store) -> list[str]:
    """Return ids of some rows that break an expectation; of several columns it names values."""
    if named := result.get("partial_unexpected_index_list"):
        return [str(row["sample_id"]) for row in named]
    values = [row for row in result.get("partial_unexpected_list", ()) if isinstance(row, dict)]
    if not values:
        return []
    with store.transaction() as transaction:
        return transaction.column(
            "expectations.samples_that_share",
            release_id=release.release_id,
            prompts=[value for row in values for value in row.values()],
            at_most=_EXAMPLES,
        )
