"""Whether the last `codeio up` of a home came to its end, and what it met if not."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from codeio_ops.errors import CodeIOError
from codeio_ops.local.home import Home, is_locked, write_private

Say = Callable[[str], None]


@contextmanager
def noted(home: Home, say: Say) -> Iterator[Say]:
    """Keep a note of how far a start has come, which goes when it ends well.

    Args:
        home: The state directory; it must exist, and its lock be held.
        say: Receives one line a step.
    """

    def step(text: str) -> None:
        say(text)
        write_private(home.note_file, f"it ended while {text}\n")

    write_private(home.note_file, "it ended before it began\n")
    try:
        yield step
    except CodeIOError as exc:
        write_private(home.note_file, f"{exc}\n")
        raise
    home.note_file.unlink()


def unfinished(home: Home) -> str:
    """Say what became of a start that has not come to its end; nothing where all did."""
    try:
        note = home.note_file.read_text(encoding="utf-8").partition("\n")[0]
        at_work = is_locked(home.lock_file)
    except OSError:
        return ""
    if at_work:
        return f"`codeio up` is still at work: {note.removeprefix('it ended while ')}"
    return f"`codeio up` did not finish: {note}"
