"""The dataset card: what a stranger must know before training on a release."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

import yaml

from codeio_ops.release.assemble import Release
from codeio_ops.release.judgement import Override, StoredResult
from codeio_ops.release.leak_table import FLAGS, BenchmarkLine
from codeio_ops.release.recipe import Recipe
from codeio_ops.release.refusal import LeftOutCount
from codeio_ops.release.rows import SPLITS
from codeio_ops.release.statistics import Statistics
from codeio_ops.release.teachers import TeacherShare

_CAPTIONS = {
    "plots/funnel.png": "Rows that passed each stage",
    "plots/verdicts.png": "Verdicts by direction and turn",
    "plots/lengths.png": "Length of the training texts",
    "plots/leakage.png": "Benchmark items found in this release",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """A row of `codeio.release_cost`."""

    purpose: str
    calls: int
    prompt_tokens: int
    completion_tokens: int
    cost_usd: Decimal | None
    unpriced_calls: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CardFacts:
    """All that the card states.

    Attributes:
        plots: Paths of the plots, relative to the card.
        left_out: Samples that the recipe takes and the release leaves out, by reason.
    """

    release: Release
    recipe: Recipe
    statistics: Statistics
    gates: Sequence[StoredResult]
    leaks: Sequence[BenchmarkLine]
    costs: Sequence[Cost]
    overrides: Sequence[Override]
    plots: Sequence[str]
    left_out: Sequence[LeftOutCount] = ()


def dataset_card(facts: CardFacts) -> str:
    """Return the card as Markdown with a Hugging Face YAML header.

    It holds facts alone, none of when or where it was made: the same facts, the same card.
    """
    counts = facts.statistics
    parts = [
        _header(facts),
        f"# {facts.release.name} v{facts.release.version}",
        _summary(facts),
        *(f"![{_CAPTIONS[path]}]({path})" for path in facts.plots),
        _licences(counts),
        _table("Sources", ("source", "samples"), _sorted(counts.sources)),
        _teachers(facts),
        _table(
            "Verdicts",
            ("direction", "turn", "verdict", "samples"),
            [(*key, count) for key, count in sorted(counts.verdicts.items())],
        ),
        *_left_out(facts.left_out),
        _gates(facts.gates),
        _overrides(facts.overrides),
        _leakage(facts.leaks),
        _cost(facts.costs),
        _recipe(facts.recipe),
        _files(),
    ]
    return "\n\n".join(parts) + "\n"


def _header(facts: CardFacts) -> str:
    licences = sorted(facts.statistics.licences)
    present = [split for split in SPLITS if facts.statistics.splits[split]]
    header = {
        "pretty_name": facts.recipe.name,
        "language": ["en"],
        "license": licences[0].lower() if _is_one(licences) else "other",
        "task_categories": ["text-generation"],
        "tags": ["code", "reasoning", "chain-of-thought", "synthetic", "arxiv:2502.07316"],
        "size_categories": [_size_category(facts.statistics.samples)],
        # One format for all configurations is what `datasets` takes: JSON Lines are not named.
        "configs": [
            {
                "config_name": "default",
                "data_files": [{"split": s, "path": f"data/{s}-*.parquet"} for s in present],
            }
        ],
    }
    return f"---\n{yaml.safe_dump(header, sort_keys=False)}---"


def _is_one(licences: Sequence[str]) -> bool:
    """Say whether one licence, which is no expression of several, covers everything."""
    return len(licences) == 1 and " " not in licences[0]


def _size_category(samples: int) -> str:
    """Return the Hugging Face size category."""
    limits = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (10**6, "100K<n<1M"))
    return next((name for limit, name in limits if samples < limit), "1M<n<10M")


def _summary(facts: CardFacts) -> str:
    recipe, counts = facts.recipe, facts.statistics
    text = "the first answer" if recipe.turns == 1 else "answer, feedback, revision and feedback"
    wrong = {
        "keep": "Every answer was judged by running the program; wrong ones are kept and labelled.",
        "drop": "Every answer was judged by running the program; wrong ones were dropped.",
        "replace": f"Every answer was judged by running the program; in {counts.replaced} samples "
        "the true value stands in place of a wrong one (column `answer_replaced`).",
    }[recipe.wrong]
    return (
        f"{recipe.description}\n\n"
        f"{counts.samples} samples of {len(counts.programs)} programs "
        f"({', '.join(f'{counts.splits[s]} {s}' for s in SPLITS)}; no program is in both), made "
        f"after CODE I/O (arXiv 2502.07316). A sample asks for the output of a program, or for "
        f"an input that leads to an output, and is answered in natural language. The training "
        f"text is {text}. {wrong}"
    ).strip()


def _teachers(facts: CardFacts) -> str:
    rows = [
        (teacher["name"], round(teacher["share"] * facts.statistics.samples), _percent(teacher))
        for teacher in facts.release.teachers
    ]
    return _table("Who wrote the answers", ("teacher", "samples", "share"), rows)


def _percent(teacher: TeacherShare) -> str:
    return f"{teacher['share']:.2%}"


def _licences(counts: Statistics) -> str:
    note = "Where a file was seen in several places, the licences of all of them hold (AND)."
    head = ("licence", "samples")
    return _table("Licences of the source files", head, _sorted(counts.licences)) + f"\n\n{note}"


def _left_out(counts: Sequence[LeftOutCount]) -> list[str]:
    if not counts:
        return []
    rows = [(each.reason, each.samples) for each in counts]
    note = "The recipe takes these samples too; no gate would let them through."
    return [_table("Left out", ("reason", "samples"), rows) + f"\n\n{note}"]


def _gates(gates: Iterable[StoredResult]) -> str:
    rows = [
        (g.gate, g.metric, f"{g.value:g}", f"{g.threshold:g}", "passed" if g.passed else "failed")
        for g in gates
    ]
    return _table("Gates", ("gate", "metric", "value", "at most", "verdict"), rows)


def _overrides(overrides: Sequence[Override]) -> str:
    if not overrides:
        return "No gate was overridden."
    rows = [(o.gate, o.decided_by, o.decided_at.isoformat(), o.reason) for o in overrides]
    return _table("Gates that a person overrode", ("gate", "who", "when", "why"), rows)


def _leakage(leaks: Sequence[BenchmarkLine]) -> str:
    if not leaks:
        return "## Leakage\n\nNo benchmark was indexed, so none was looked for."
    rows = [
        (line.name, line.items, *(line.flagged.get(flag, "not measured") for flag in FLAGS))
        for line in leaks
    ]
    return _table("Leakage", ("benchmark", "items", *FLAGS), rows)


def _cost(costs: Sequence[Cost]) -> str:
    rows = [(c.purpose, c.calls, c.prompt_tokens, c.completion_tokens, _dollars(c)) for c in costs]
    note = (
        "Calls whose replies stand in this release; what was spent on dropped ones is not counted."
    )
    head = ("purpose", "calls", "prompt tokens", "completion tokens", "US dollars")
    return _table("Cost", head, rows) + f"\n\n{note}"


def _dollars(cost: Cost) -> str:
    if cost.cost_usd is None:
        return "no price known"
    unpriced = f", {cost.unpriced_calls} calls without a price" if cost.unpriced_calls else ""
    return f"{cost.cost_usd:.4f}{unpriced}"


def _recipe(recipe: Recipe) -> str:
    values = recipe.model_dump(mode="json", exclude_defaults=True)
    text = yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=1000)
    return f"## Recipe\n\n```yaml\n{text}```"


def _files() -> str:
    return (
        "## Files\n\n"
        "`data/` holds Parquet with every column, among them where each sample comes from, the "
        "input and output as JSON text, and `response`, the training text: "
        '`datasets.load_dataset("DIRECTORY")`. `chat/` holds prompt and response as `messages`: '
        '`datasets.load_dataset("json", data_files={"train": "DIRECTORY/chat/train-*.jsonl"})`. '
        "`turns/` holds the turns and their feedback one by one, as they were recorded. "
        "`croissant.json` describes the columns to machines, "
        "`manifest.json` holds the sha256 of every file."
    )


def _sorted(counts: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counts.items())


def _table(title: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    text = "\n".join("| " + " | ".join(_cell(str(c)) for c in line) + " |" for line in lines)
    return f"## {title}\n\n{text}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
