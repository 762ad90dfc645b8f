"""The dataset card: what a stranger must know before training on a release."""

from collections import Counter

import yaml

from codeio_ops.quality.gates import StoredResult
from codeio_ops.release.assemble import Release
from codeio_ops.release.export import SPLITS
from codeio_ops.release.manifest import FileEntry
from codeio_ops.release.recipe import Recipe
from codeio_ops.release.rows import SampleText


def dataset_card(
    release: Release,
    recipe: Recipe,
    rows: list[SampleText],
    gates: list[StoredResult],
    files: list[FileEntry],
) -> str:
    """Return the card as Markdown with a Hugging Face YAML header.

    It states nothing of when or where it was made, so that the same facts give the same card.
    """
    return "\n\n".join(
        [
            _header(recipe, rows, files),
            f"# {release.name} v{release.version}",
            _summary(recipe, rows),
            _table("Licences of the source files", "licence", Counter(r.licence for r in rows)),
            _table("Sources", "source", Counter(_source(r) for r in rows)),
            _table(
                "Who wrote the answers", "teacher",
                Counter(f"{r.teacher_kind}: {r.teacher_model}" for r in rows),
            ),
            _table(
                "Verdicts",
                "direction, turn, verdict",
                Counter(verdict for row in rows for verdict in _verdicts(row)),
            ),
            _gate_table(gates),
            _columns(),
        ]
    ) + "\n"  # fmt: skip


def _header(recipe: Recipe, rows: list[SampleText], files: list[FileEntry]) -> str:
    licences = sorted({row.licence for row in rows})
    present = [s for s in SPLITS if any(f.path.startswith(f"data/{s}-") for f in files)]
    header = {
        "pretty_name": recipe.name,
        "license": licences[0].lower() if len(licences) == 1 else "other",
        "task_categories": ["text-generation"],
        "tags": ["code", "reasoning", "chain-of-thought"],
        "size_categories": [_size_category(len(rows))],
        "configs": [
            {
                "config_name": "default",
                "data_files": [{"split": s, "path": f"data/{s}-*.parquet"} for s in present],
            }
        ],
    }
    return f"---\n{yaml.safe_dump(header, sort_keys=False)}---"


def _size_category(samples: int) -> str:
    """Return the Hugging Face size category."""
    for limit, name in ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K")):
        if samples < limit:
            return name
    return "100K<n<1M" if samples < 1_000_000 else "n>1M"


def _summary(recipe: Recipe, rows: list[SampleText]) -> str:
    splits = Counter(row.split for row in rows)
    programs = len({row.program_id for row in rows})
    text = "the first answer" if recipe.turns == 1 else "answer, feedback, revision and feedback"
    return (
        f"{len(rows)} samples of {programs} programs "
        f"({', '.join(f'{splits[s]} {s}' for s in SPLITS)}), made after CODE I/O "
        f"(arXiv 2502.07316). A sample asks for the output of a program, or for an input that "
        f"leads to an output, and is answered in natural language. The training text is {text}. "
        f"Every answer was judged by running the program; wrong ones are kept and labelled."
    )


def _verdicts(row: SampleText) -> list[str]:
    second = [f"{row.direction}, 2, {row.verdict_2}"] if row.verdict_2 else []
    return [f"{row.direction}, 1, {row.verdict_1}", *second]


def _source(row: SampleText) -> str:
    return f"{row.source_kind}:{row.source_locator}"


def _table(title: str, label: str, counts: Counter[str]) -> str:
    lines = [f"| {_cell(name)} | {count} |" for name, count in sorted(counts.items())]
    return "\n".join([f"## {title}", "", f"| {label} | samples |", "|---|---|", *lines])


def _gate_table(gates: list[StoredResult]) -> str:
    lines = [
        f"| {g.gate} | {g.metric} | {g.value:g} | {g.threshold:g} | "
        f"{'passed' if g.passed else 'failed'} |"
        for g in gates
    ]
    return "\n".join(
        ["## Gates", "", "| gate | metric | value | at most | |", "|---|---|---|---|---|", *lines]
    )


def _columns() -> str:
    return (
        "## Files\n\n"
        "`data/` holds Parquet with every column, among them where each sample comes from, and "
        "the input and output as JSON text; `chat/` the prompt and training text as `messages`; "
        "`turns/` the turns and their feedback one by one; `manifest.json` the sha256 of every "
        "file."
    )


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
