"""A road, the directories that it reads, and what people do to them from night to night."""

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from codeio_ops.ingest.corrections import Options, add_or_set, remove_source
from codeio_ops.release.assemble import Release
from codeio_ops.release.recipe import Recipe
from codeio_ops.release.rows import SPLITS, read_rows
from codeio_ops.release.takedown import take_down, undo_takedown
from support.road import CORPUS, Road

PLACES = {"collatz": "numbers", "run_length": "text", "roman": "text", "luhn": "numbers"}
TEXTS = {name: (CORPUS / place / f"{name}.py").read_text() for name, place in PLACES.items()}
EDITED = TEXTS["collatz"].replace("< 15", "< 14")
STATES = "SELECT DISTINCT state FROM codeio.origin_state"
# Requests about a file, or the programs that it gave, which a teacher answered twice.
TWICE = """
SELECT purpose, subject_id FROM codeio.teacher_call
WHERE purpose <> 'revise'
GROUP BY purpose, subject_id, teacher_id, template_sha256
HAVING count(*) > 1
"""


class CountedRequests:
    """Counts the requests that reach a teacher.

    Attributes:
        sent: How often each conversation was sent.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.sent: Counter[str] = Counter()

    @property
    def posts(self) -> int:
        """How many requests there were."""
        return self.sent.total()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        parts: list[bytes] = []

        async def read() -> Message:
            message = await receive()
            parts.append(message.get("body", b""))
            if not message.get("more_body", False) and b"".join(parts):
                self.sent[json.dumps(json.loads(b"".join(parts))["messages"])] += 1
                parts.clear()
            return message

        await self._app(scope, read if scope.get("method") == "POST" else receive, send)


@dataclass(frozen=True, slots=True, kw_only=True)
class TeacherServer:
    """The offline teacher over real HTTP."""

    url: str
    requests: CountedRequests


@dataclass
class Town:
    """A road, and a directory that it reads.

    Attributes:
        road: The road.
        root: The directory.
        server: The teacher, which counts what it is sent.
        nights: How many there were.
    """

    road: Road
    root: Path
    server: TeacherServer
    nights: int = 0

    def write(self, *names: str, text: str = "", root: Path | None = None) -> None:
        """Write files of these names: as they are in the corpus, or of this text."""
        place = root or self.root
        place.mkdir(exist_ok=True)
        for name in names:
            (place / f"{name}.py").write_text(text or TEXTS[name])

    def state(self, licence: str, root: Path | None = None) -> None:
        """Add a directory under a licence, or state another one for it."""
        work = self.road.work("ingest")
        add_or_set(f"directory:{root or self.root}", Options(licence=licence), work)

    def remove(self, root: Path | None = None) -> None:
        """Remove a directory, with what releases hold of it."""
        work = self.road.work("ingest")
        remove_source(f"directory:{root or self.root}", work, from_releases=True)

    def use(self, **changes: object) -> None:
        """Change settings."""
        self.road = self.road.with_parts(settings=self.road.settings.replaced(changes))

    def night(self) -> int:
        """Do all but release, and return how many requests the teacher got."""
        before = self.server.requests.posts
        self.nights += 1
        self.road = self.road.with_parts(run_id=f"night {self.nights}")
        for task in self.road.tasks().values():
            task()
        assert ("none",) not in self.road.ask(STATES)
        assert not self.road.ask(TWICE)
        return self.server.requests.posts - before

    def release(self) -> Release:
        """Publish what there is."""
        release = self.road.release(Recipe())
        assert release.status == "published"
        return release

    def texts(self) -> dict[str, set[str]]:
        """Publish, and return the codes of the samples by name of the file."""
        found: dict[str, set[str]] = {}
        release = self.release()
        for split in SPLITS:
            for row in read_rows(self.road.store, release.release_id, split):
                found.setdefault(Path(row.source_path).stem, set()).add(row.reference_code)
        return found

    def take_down(self, path: str) -> UUID:
        """Take down a path."""
        writer = self.road.work("takedown").writer
        store = self.road.store
        return take_down("path", path, reason="asked", store=store, writer=writer).takedown_id

    def undo(self, takedown_id: UUID) -> None:
        """Undo a takedown."""
        work = self.road.work("takedown")
        undo_takedown(takedown_id, reason="error", store=work.store, writer=work.writer)

    def drops(self) -> dict[tuple[str, str], int]:
        """Return how many rows were dropped, by stage and reason."""
        found = self.road.ask("SELECT stage, reason, rows FROM codeio.drop_reason")
        return {(stage, reason): rows for stage, reason, rows in found}
