"""Says which releases wait for a person."""

from codeio_ops.cli.output import print_text
from codeio_ops.jsonvalue import Json
from codeio_ops.release.waiting import OpenQuestion, open_questions
from codeio_ops.storage.engine import Store


def print_waiting(store: Store) -> None:
    """Print what waits for a person, since when, and how it is answered."""
    for question in open_questions(store):
        print_text(f"{question}\n  {question.cure}")


def waiting_json(store: Store) -> list[Json]:
    """Return the same for `--json`."""
    return [_to_json(question) for question in open_questions(store)]


def _to_json(question: OpenQuestion) -> Json:
    return {
        "name": question.name,
        "version": question.version,
        "samples": question.samples,
        "gates": question.gates,
        "since": question.since.isoformat(),
        "run_id": question.run_id,
        "cure": question.cure,
    }
