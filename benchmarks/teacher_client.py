"""The teacher's client against an endpoint process: rate, faults, kills and budget.

    python benchmarks/teacher_client.py rate --seconds 180
    python benchmarks/teacher_client.py faults --rows 1000
    python benchmarks/teacher_client.py kill --rows 500
    python benchmarks/teacher_client.py budget

Each starts its own Postgres and its own endpoint, and prints one JSON object. The peer of `rate`
is the endpoint's own limit.
"""

import argparse
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen
from uuid import uuid4

import psutil

from codeio_ops.config import Settings
from codeio_ops.errors import BudgetExceeded, CodeIOError
from codeio_ops.local import components, ports, postgres, stack
from codeio_ops.local.home import Home
from codeio_ops.local.state import StackState
from codeio_ops.storage.engine import Store
from codeio_ops.storage.runs import FactWriter, TaskIdentity, stage_run
from codeio_ops.teacher.client import Teacher
from codeio_ops.teacher.endpoint import Endpoint
from codeio_ops.teacher.messages import Completion, Message, Request

MIB = 2**20
Figures = dict[str, object]


@contextmanager
def database() -> Iterator[str]:
    """Yield the URL of a migrated database that ends with the block."""
    home = Home(Path(tempfile.mkdtemp(prefix="codeio-bench-", dir="/tmp")))
    try:
        parts = frozenset({components.Part.POSTGRES})
        stack.up(home, parts=parts, say=lambda _: None, user={}, preferred=ports.ANY)
        state = StackState.load(home)
        assert state is not None
        yield postgres.url(state, role=postgres.APP, database=postgres.DATABASE)
    finally:
        stack.down(home, say=lambda _: None)
        shutil.rmtree(home.root, ignore_errors=True)


class EndpointProcess:
    """The endpoint of `endpoint.py` as a child; a context manager."""

    def __init__(self, *options: str) -> None:
        """Choose a free port."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = probe.getsockname()[1]
        self._options = options
        self.base_url = f"http://127.0.0.1:{self._port}/v1"

    def __enter__(self) -> "EndpointProcess":
        """Start and wait until it answers."""
        script = str(Path(__file__).with_name("endpoint.py"))
        command = [sys.executable, script, "--port", str(self._port), *self._options]
        self._process = subprocess.Popen(command)
        for _ in range(200):
            try:
                self.stats()
            except URLError:
                time.sleep(0.1)
            else:
                return self
        raise RuntimeError("the endpoint does not start")

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self._process.terminate()
        self._process.wait()

    def stats(self) -> Figures:
        """Return what it saw."""
        with urlopen(f"http://127.0.0.1:{self._port}/stats") as reply:
            found: Figures = json.load(reply)
            return found


def settings_for(url: str, endpoint: EndpointProcess, **changes: object) -> Settings:
    """Return settings that name the endpoint and the database."""
    values: dict[str, object] = {
        "home": Path("/nonexistent"),
        "database_url": url,
        "openai_base_url": endpoint.base_url,
        "openai_api_key": "key",
        "model": "benchmark",
        "price_input_usd": "1",
        "price_output_usd": "2",
        **changes,
    }
    return Settings.model_validate(values)


def client(settings: Settings, store: Store) -> Teacher:
    """Open the client as a task does."""
    task = TaskIdentity(dag_id="benchmark", run_id="benchmark", task_id=str(uuid4()))
    writer = FactWriter(store, stage_run("answer", task, settings))
    return Teacher.shared(settings, Endpoint.chosen(settings), store=store, writer=writer)


def prompts(count: int) -> Iterator[Request]:
    """Give that many different requests."""
    for number in range(count):
        message = Message(role="user", content=f"prompt {number}")
        yield Request(key=str(number), messages=(message,))


def rate(url: str, given: argparse.Namespace) -> Figures:
    """Measure how much of a limit is used, and the memory while it is."""
    options = ("--latency", "1", "--per-minute", str(given.per_minute))
    with EndpointProcess(*options) as endpoint:
        settings = settings_for(
            url,
            endpoint,
            teacher_requests_per_minute=given.per_minute,
            teacher_concurrency=100,
        )
        store = Store.open(url)
        process, memory = psutil.Process(), []
        started = time.monotonic()
        results = client(settings, store).complete_all(prompts(10**9))
        answered = 0
        for result in results:
            answered += isinstance(result, Completion)
            if answered % 50 == 0:
                memory.append(process.memory_info().rss)
            if time.monotonic() - started >= given.seconds:
                break
        took = time.monotonic() - started
        results.close()  # type: ignore[attr-defined]
        third = len(memory) // 3
        return {
            "answered": answered,
            "wall_s": round(took, 1),
            "share_of_limit": round(answered / (given.per_minute * took / 60), 4),
            "rss_mib_after_a_third": round(memory[third] / MIB, 1),
            "rss_mib_at_the_end": round(memory[-1] / MIB, 1),
            **endpoint.stats(),
        }


def faults(url: str, given: argparse.Namespace) -> Figures:
    """Run rows through an endpoint of which every fifth reply is a fault of some kind."""
    with EndpointProcess("--latency", "0.2", "--faults", "0.2", "--slow", "3") as endpoint:
        settings = settings_for(url, endpoint, teacher_timeout_s=1.5, teacher_concurrency=32)
        store = Store.open(url)
        ended: dict[str, str] = {}
        twice = runs = 0
        while len(ended) < given.rows and runs < 300:
            runs += 1
            todo = (request for request in prompts(given.rows) if request.key not in ended)
            try:
                for result in client(settings, store).complete_all(todo):
                    twice += result.key in ended
                    state = "answered" if isinstance(result, Completion) else str(result.reason)
                    if state not in ("rate_limited", "unavailable"):
                        ended[result.key] = state
            except CodeIOError:
                continue
        states = {state: list(ended.values()).count(state) for state in set(ended.values())}
        return {
            "rows": given.rows,
            "states": states,
            "in_two_states": twice,
            "runs": runs,
            **endpoint.stats(),
        }


def kill(url: str, given: argparse.Namespace) -> Figures:
    """Kill the client again and again, and count at the endpoint what was paid twice."""
    with EndpointProcess("--latency", "0.3") as endpoint:
        environment = {
            **os.environ,
            "CODEIO_DATABASE_URL": url,
            "OPENAI_BASE_URL": endpoint.base_url,
            "OPENAI_API_KEY": "key",
            "CODEIO_MODEL": "benchmark",
        }
        command = [sys.executable, __file__, "child", "--rows", str(given.rows)]
        in_flight = Settings.model_fields["teacher_concurrency"].default
        for _ in range(given.kills):
            child = subprocess.Popen(command, env=environment)
            before = endpoint.stats()["paid"]
            while child.poll() is None and endpoint.stats()["paid"] - before < 40:  # type: ignore[operator]
                time.sleep(0.02)
            child.send_signal(signal.SIGKILL)
            child.wait()
        subprocess.run(command, env=environment, check=True)
        return {
            "rows": given.rows,
            "kills": given.kills,
            "most_in_flight_at_kills": given.kills * in_flight,
            **endpoint.stats(),
        }


def child(url: str, given: argparse.Namespace) -> Figures:
    """Complete the rows that have no reply; the process that `kill` kills."""
    answered = client(Settings.load(), Store.open(url)).complete_all(prompts(given.rows))
    return {"results": sum(1 for _ in answered)}


def budget(url: str, given: argparse.Namespace) -> Figures:
    """Spend a cent."""
    with EndpointProcess("--latency", "0.2") as endpoint:
        settings = settings_for(url, endpoint, budget_run_usd="0.01", max_tokens=200)
        stopped = ""
        try:
            for _ in client(settings, Store.open(url)).complete_all(prompts(10_000)):
                pass
        except BudgetExceeded as exc:
            stopped = str(exc)
        stats = endpoint.stats()
        spent = int(str(stats["paid"])) * (100 * 1 + 50 * 2) / 1_000_000
        return {"budget_usd": 0.01, "spent_usd": spent, "stopped": stopped, **stats}


def main() -> None:
    """Run one benchmark and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    runs = {"rate": rate, "faults": faults, "kill": kill, "budget": budget, "child": child}
    parser.add_argument("run", choices=runs)
    parser.add_argument("--seconds", type=float, default=180.0)
    parser.add_argument("--per-minute", type=int, default=300)
    parser.add_argument("--rows", type=int, default=500)
    parser.add_argument("--kills", type=int, default=5)
    given = parser.parse_args()
    if given.run == "child":
        child(Settings.load().database_url.get_secret_value(), given)
        return
    with database() as url:
        print(json.dumps(runs[given.run](url, given), indent=2))


if __name__ == "__main__":
    main()
