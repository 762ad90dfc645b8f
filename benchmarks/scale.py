"""A first release and a night after it, at sizes up to a million samples: CPU, memory, bytes.

    python benchmarks/scale.py --demo .codeio [--samples 10000 100000] [--results FILE]

Takes the facts that `make demo` left in a home whose stack runs, copies them until there are so
many samples (see `copies.py`), and does all from screening to publishing and verifying through the
functions that the tasks of `release_dataset` call; then a night adds one demo more, and all is done
again. Each step runs in a process of its own. The two gates that run programs are left out, as
copies of programs do not run: their results are written here, and say so.

Prints for every step: wall seconds, CPU seconds of the process and of Postgres, peak resident
memory in MiB; the exponent by which the CPU grows from the first size to the last; bytes a sample.
`--results` appends one JSON object a step.
"""

import argparse
import contextlib
import json
import math
import resource
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from uuid import UUID

import psutil

REPOSITORY = Path(__file__).parents[1]
sys.path[:0] = [str(REPOSITORY / "plugins"), str(REPOSITORY / "tests")]

from copies import grow, link, take_facts  # noqa: E402
from storage import storage  # noqa: E402

from codeio_airflow import release_tasks  # noqa: E402
from codeio_ops.config import Settings  # noqa: E402
from codeio_ops.fingerprint import content_id  # noqa: E402
from codeio_ops.local import postgres  # noqa: E402
from codeio_ops.local.home import Home  # noqa: E402
from codeio_ops.local.state import StackState  # noqa: E402
from codeio_ops.quality.gates import GATES, SANDBOX_GATES  # noqa: E402
from codeio_ops.records import GateResult  # noqa: E402
from codeio_ops.release.assemble import Release, find_release  # noqa: E402
from codeio_ops.release.readback import verify_release  # noqa: E402
from codeio_ops.storage.objects import ObjectStore  # noqa: E402
from codeio_ops.storage.runs import TaskIdentity  # noqa: E402
from codeio_ops.work import Work  # noqa: E402
from support.storage import create_storage, settings_of  # noqa: E402

SIZES = (10_000, 100_000)
RECIPE = "codeio_pp"
BUCKET = Settings.model_fields["s3_bucket"].default
# What a night does with what is finished, in this order.
STEPS = (
    "screen",
    "assemble",
    *(name for name in GATES if name not in SANDBOX_GATES),
    "sandbox gates",
    "publish",
    "verify",
)
_MIB = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one step cost.

    Attributes:
        samples: Samples that are finished.
        night: `first`, or `next` for the night that adds one demo.
        peak_mib: Peak resident memory of the step's process.
        result: What the step says of itself.
    """

    samples: int
    night: str
    step: str
    wall_s: float
    cpu_s: float
    postgres_cpu_s: float
    peak_mib: int
    result: str

    @property
    def all_cpu_s(self) -> float:
        """CPU seconds of both."""
        return self.cpu_s + self.postgres_cpu_s


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """A database and a bucket of one name, in a home whose stack runs."""

    home: Home
    state: StackState
    name: str

    @property
    def settings(self) -> Settings:
        """The settings that reach them."""
        return settings_of(self.state, self.name, self.home.root)

    def bytes(self) -> tuple[int, int]:
        """Return the bytes of the database and of the objects."""
        with link(self.settings.owner_database_url.get_secret_value()) as cursor:
            cursor.execute("SELECT pg_database_size(current_database())")
            stored = int(cursor.fetchone()[0])
        listing = ObjectStore.open(self.settings).listing("")
        return stored, sum(item.size_bytes for item in listing)


def main() -> None:
    """Copy, measure, print; or, as the process of one step, do that step."""
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--demo", type=Path, help="home of a stack that made the demo")
    arguments.add_argument("--samples", type=int, nargs="+", default=SIZES)
    arguments.add_argument("--results", type=Path, help="file to append the results to")
    arguments.add_argument("--step", nargs=3, help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.step:
        _do(*given.step)
        return
    demo = _place(given.demo.absolute(), postgres.DATABASE)
    with storage() as (home, _):
        costs = [
            cost
            for size in sorted(given.samples)
            for cost in _measured(home.root, demo, size, given)
        ]
    _print_totals(costs)


def _place(root: Path, name: str) -> _Place:
    home = Home(root)
    state = StackState.load(home)
    if state is None:
        sys.exit(f"no stack runs in {root}")
    return _Place(home=home, state=state, name=name)


def _measured(root: Path, demo: _Place, size: int, given: argparse.Namespace) -> Iterator[Cost]:
    place = _place(root, f"scale-{size}")
    create_storage(place.state, place.name)
    begun = time.monotonic()
    source = postgres.url(demo.state, role="postgres", database=demo.name)
    base = take_facts(source, ObjectStore.open(demo.settings, bucket=BUCKET), place.settings)
    copies = max(math.ceil(size / base) - 1, 1)
    samples = grow(place.settings, first=1, copies=copies)
    print(f"\n{samples:,} samples written in {time.monotonic() - begun:.0f} s", flush=True)
    for night in ("first", "next"):
        before = place.bytes()
        if night == "next":
            samples = grow(place.settings, first=copies + 1, copies=1)
        for step in STEPS:
            yield _shown(_cost(step, place, samples=samples, night=night), given.results)
        new = base if night == "next" else samples
        _print_bytes(before, place.bytes(), samples=samples, new=new)


def _shown(cost: Cost, results: Path | None) -> Cost:
    print(
        f"{cost.samples:>9,} {cost.night:5} {cost.step:14} {cost.wall_s:8.1f} s"
        f" {cost.cpu_s:8.1f} + {cost.postgres_cpu_s:6.1f} CPU-s {cost.peak_mib:>6} MiB"
        f"  {cost.result}",
        flush=True,
    )
    if results:
        with results.open("a") as file:
            file.write(json.dumps(asdict(cost)) + "\n")
    return cost


def _cost(step: str, place: _Place, *, samples: int, night: str) -> Cost:
    before, begun = _postgres_cpu_s(place), time.monotonic()
    command = [sys.executable, __file__, "--step", step, str(place.home.root), place.name]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{step} failed:\n{done.stderr}")
    return Cost(
        samples=samples,
        night=night,
        step=step,
        wall_s=time.monotonic() - begun,
        postgres_cpu_s=_postgres_cpu_s(place) - before,
        **json.loads(done.stdout.splitlines()[-1]),
    )


def _postgres_cpu_s(place: _Place) -> float:
    """Return the CPU seconds of all processes of the server, also of those that ended."""
    server = psutil.Process(
        int((place.home.postgres / "data" / "postmaster.pid").read_text().split()[0])
    )
    own = server.cpu_times()
    total = own.user + own.system + own.children_user + own.children_system
    for child in server.children():
        with contextlib.suppress(psutil.NoSuchProcess):
            times = child.cpu_times()
            total += times.user + times.system
    return total


def _do(step: str, root: str, name: str) -> None:
    """Do one step, and print what it cost this process as JSON."""
    place = _place(Path(root), name)
    task = TaskIdentity(dag_id="scale", run_id=str(time.time_ns()), task_id=step)
    begun = time.process_time()
    with Work(place.settings, "gate", task) as work:
        result = _called(step, work)
    cost = {
        "cpu_s": time.process_time() - begun,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // _MIB,
        "result": str(result),
    }
    print(json.dumps(cost))


def _called(step: str, work: Work) -> object:
    if step == "screen":
        return release_tasks.screen_finished(work)
    if step == "assemble":
        current = [str(each) for each in _column(work, "SELECT teacher_id FROM codeio.teacher")]
        params = {"recipe": RECIPE, "current": current, "new_recipe": False}
        candidate = release_tasks.assemble_candidate(params, work)
        return f"{find_release(work.store, UUID(candidate)).samples:,} samples"
    release = find_release(work.store, _column(work, _NEWEST)[0])
    match step:
        case "sandbox gates":
            return work.writer.write([_not_run(gate, release, work) for gate in SANDBOX_GATES])
        case "publish":
            release_tasks.open_question(str(release.release_id), work)
            return release_tasks.publish_candidate(str(release.release_id), work)[0]
        case "verify":
            stored = verify_release(release.name, release.version, objects=work.objects)
            return f"{len(stored.manifest.files)} files"
        case _:
            return release_tasks.judge_candidate(step, str(release.release_id), work)


_NEWEST = "SELECT release_id FROM codeio.release ORDER BY version DESC LIMIT 1"


def _column(work: Work, question: str) -> list[UUID]:
    with link(work.settings.database_url.get_secret_value()) as cursor:
        cursor.execute(question)
        return [UUID(row[0]) for row in cursor.fetchall()]


def _not_run(gate: str, release: Release, work: Work) -> GateResult:
    """Return a result that says what was not done: copies of programs do not run."""
    return GateResult(
        gate_result_id=content_id("scale", gate, str(release.release_id)),
        release_id=release.release_id,
        gate=gate,
        passed=True,
        metric="not run by this benchmark",
        value=0,
        threshold=0,
        evidence={},
        severity="hard",
        stage_run_id=work.writer.run.stage_run_id,
    )


def _print_bytes(
    before: tuple[int, int], after: tuple[int, int], *, samples: int, new: int
) -> None:
    stored, written = after[0], after[1] - before[1]
    print(
        f"Postgres {stored / 1e6:,.0f} MB, {stored / samples:,.0f} bytes a sample;"
        f" S3 {written / 1e6:,.1f} MB more, {written / new:,.0f} bytes a new sample"
    )


def _print_totals(costs: Sequence[Cost]) -> None:
    """Print the CPU of each night, and how it grows from the first size to the last."""
    for night in ("first", "next"):
        totals: dict[int, float] = defaultdict(float)
        for cost in costs:
            if cost.night == night:
                totals[cost.samples] += cost.all_cpu_s
        for samples, cpu_s in totals.items():
            each_ms = 1000 * cpu_s / samples
            print(f"{night:5} {samples:>9,} samples: {cpu_s:8.1f} CPU-s, {each_ms:.2f} ms a sample")
        few, many = min(totals), max(totals)
        if many > few:
            exponent = math.log(totals[many] / totals[few]) / math.log(many / few)
            print(f"{night:5} grows with the samples to the power {exponent:.2f}")


if __name__ == "__main__":
    main()
