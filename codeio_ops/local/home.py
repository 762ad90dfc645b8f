"""Where the embedded stack keeps its state: one directory, private to its user."""

import fcntl
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Home:
    """The paths below one state directory (`CODEIO_HOME`)."""

    root: Path

    @property
    def state_file(self) -> Path:
        """Ports and secrets, generated once."""
        return self.root / "stack.json"

    @property
    def env_file(self) -> Path:
        """Everything a process of the stack needs, as `NAME=value` lines."""
        return self.root / "stack.env"

    @property
    def plan_file(self) -> Path:
        """The processes the supervisor has to keep running."""
        return self.run / "plan.json"

    @property
    def lock_file(self) -> Path:
        """Held by a command that starts or stops the stack."""
        return self.root / "lock"

    @property
    def note_file(self) -> Path:
        """What a start met that did not come to its end."""
        return self.root / "up.unfinished"

    @property
    def run(self) -> Path:
        """Locks, the plan and one record per running process."""
        return self.root / "run"

    @property
    def logs(self) -> Path:
        """One log file per process."""
        return self.root / "logs"

    @property
    def postgres(self) -> Path:
        """The Postgres cluster."""
        return self.root / "postgres"

    @property
    def s3(self) -> Path:
        """The data of SeaweedFS."""
        return self.root / "s3"

    @property
    def airflow(self) -> Path:
        """`AIRFLOW_HOME`."""
        return self.root / "airflow"

    @property
    def redis(self) -> Path:
        """The queues of the workers."""
        return self.root / "redis"

    @property
    def pgbouncer(self) -> Path:
        """The configuration of pgbouncer."""
        return self.root / "pgbouncer"

    def worker(self, name: str) -> Path:
        """`AIRFLOW_HOME` of a worker."""
        return self.root / "workers" / name

    def caches(self) -> dict[str, str]:
        """Return where libraries keep what they compile, for a user who has no cache."""
        usual = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        nearest = next(path for path in (usual, *usual.parents) if path.exists())
        writable = os.access(nearest, os.W_OK | os.X_OK)
        return {} if writable else {"XDG_CACHE_HOME": str(self.root / "cache")}

    def create(self) -> None:
        """Create the directories that are missing, closed to other users."""
        self.root.mkdir(parents=True, exist_ok=True)
        # Postgres runs as another user when this process is root: it may pass, not look.
        self.root.chmod(0o711 if os.geteuid() == 0 else 0o700)
        for path in (self.run, self.logs, self.s3, self.airflow):
            path.mkdir(mode=0o700, exist_ok=True)


def write_private(path: Path, text: str) -> None:
    """Replace `path` by `text` in one step, readable by its owner only."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.draft")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, stat.S_IRUSR | stat.S_IWUSR)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    draft.replace(path)


@contextmanager
def exclusive(path: Path, *, on_wait: Callable[[], None] | None = None) -> Iterator[None]:
    """Hold the lock file `path`; the kernel frees it when the holder dies.

    Args:
        path: The lock file; created when missing, never removed.
        on_wait: Called once when another process holds the lock.
    """
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if on_wait is not None:
                on_wait()
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def is_locked(path: Path) -> bool:
    """Return whether a living process holds the lock file `path`."""
    if not path.exists():
        return False
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
