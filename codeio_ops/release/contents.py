"""All files of a release but its manifest, from the facts alone."""

from collections.abc import Iterable, Iterator

from codeio_ops.jsonvalue import canonical
from codeio_ops.release.assemble import Release
from codeio_ops.release.card import CardFacts, Cost, dataset_card
from codeio_ops.release.croissant import CROISSANT_NAME, croissant
from codeio_ops.release.export import export_files
from codeio_ops.release.judgement import Judgement
from codeio_ops.release.leak_table import GATE as LEAKAGE_GATE
from codeio_ops.release.leak_table import leak_table
from codeio_ops.release.manifest import FileEntry
from codeio_ops.release.plots import plot_files
from codeio_ops.release.recipe import Recipe
from codeio_ops.release.refusal import left_out_counts
from codeio_ops.release.rows import read_rows
from codeio_ops.release.statistics import Statistics
from codeio_ops.release.training import TrainingRow, training_row
from codeio_ops.storage.engine import Store

CARD_NAME = "README.md"


def release_files(
    release: Release, recipe: Recipe, judgement: Judgement, store: Store
) -> Iterator[tuple[str, bytes]]:
    """Yield (path, content) of each file; the same facts give the same bytes."""
    statistics = Statistics()

    def rows_of(split: str) -> Iterable[TrainingRow]:
        samples = read_rows(store, release.release_id, split)
        return statistics.counted(training_row(recipe, sample) for sample in samples)

    entries = []
    for path, content in export_files(rows_of):
        entries.append(FileEntry.of(path, content))
        yield path, content
    licences = sorted(statistics.licences)
    metadata = canonical(croissant(release, recipe, licences, entries))
    yield CROISSANT_NAME, metadata.encode()
    yield from _card_files(release, recipe, judgement, statistics, store)


def _card_files(
    release: Release, recipe: Recipe, judgement: Judgement, statistics: Statistics, store: Store
) -> Iterator[tuple[str, bytes]]:
    gates = judgement.results
    leaks = leak_table(gates)
    threshold = next((gate.threshold for gate in gates if gate.gate == LEAKAGE_GATE), None)
    funnel = [(stage["stage"], stage["rows"]) for stage in release.funnel]
    plots = plot_files(statistics, funnel, leaks, threshold)
    yield from plots.items()
    facts = CardFacts(
        release=release,
        recipe=recipe,
        statistics=statistics,
        gates=gates,
        leaks=leaks,
        costs=store.fetch("release.cost", Cost, release_id=release.release_id),
        overrides=[o for o in judgement.overrides if o.approved],
        plots=list(plots),
        left_out=left_out_counts(store, release.release_id),
    )
    yield CARD_NAME, dataset_card(facts).encode()
