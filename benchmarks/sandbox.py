"""Sandbox against the reference's method, on the same programs, in one run.

`python benchmarks/sandbox.py FILE.jsonl` takes rows of `codeio sandbox replay`. Programs are
run in rounds by three methods in turn, so that all see the same load of the machine:

- sandbox: `DockerSandbox`, two workers, each program's inputs streamed to one process;
- reference: a new `python -` for every call, with an import prefix, two at a time;
- bare: every call in one process that is already there, the least that is possible.

The last two run inside a container too, for the programs are not trusted. CPU is that of the
programs with the supervisor and this process, or with the processes that the reference starts;
the engine's own is in neither. Prints one line of JSON.
"""

import argparse
import json
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from codeio_ops.config import Settings
from codeio_ops.sample.replay import StoredProgram, read_programs, replay
from codeio_ops.sandbox.base import Limits
from codeio_ops.sandbox.pool import DockerSandbox

WORKERS = 2
ROUND = 10
LIMITS = Limits(cpu_s=5.0)

# The reference pastes imports of this kind before each program.
PREFIX = """
import collections, copy, datetime, functools, heapq, itertools, json, math, operator, random
import re, string, sys, time
from typing import *
import numpy as np
"""

# Runs in a container: a job in JSON on stdin, {"wall_s", "cpu_s"} on stdout.
DRIVER = r"""
import concurrent.futures, json, os, resource, subprocess, sys, time
job = json.load(sys.stdin)
CALL = "\nimport json as _j\nprint(_j.dumps({entry}(**_j.loads({given!r})), default=str))\n"

def reference(call):
    code, entry, given = call
    text = job["prefix"] + code + CALL.format(entry=entry, given=given)
    try:
        subprocess.run([sys.executable, "-s", "-"], input=text.encode(), timeout=5,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        pass

def bare(program):
    names = {}
    try:
        exec(compile(job["prefix"] + program["code"], "<program>", "exec"), names)
    except BaseException:
        return
    for given in program["inputs"]:
        try:
            json.dumps(names[program["entry"]](**json.loads(given)))
        except BaseException:
            pass

def used():
    usages = [resource.getrusage(w) for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in usages)

exec(job["prefix"])
out = os.dup(1)
null = os.open("/dev/null", os.O_RDWR)
for fd in (0, 1, 2):
    os.dup2(null, fd)
started, before = time.monotonic(), used()
if job["method"] == "bare":
    for program in job["programs"]:
        bare(program)
else:
    calls = [(p["code"], p["entry"], given) for p in job["programs"] for given in p["inputs"]]
    with concurrent.futures.ThreadPoolExecutor(job["workers"]) as threads:
        list(threads.map(reference, calls))
line = json.dumps({"wall_s": time.monotonic() - started, "cpu_s": used() - before})
os.write(out, line.encode())
"""


@dataclass(slots=True, kw_only=True)
class Cost:
    """What a method has used so far."""

    wall_s: float = 0.0
    cpu_s: float = 0.0

    def add(self, wall_s: float, cpu_s: float) -> None:
        """Add one round."""
        self.wall_s += wall_s
        self.cpu_s += cpu_s


def in_container(method: str, programs: list[StoredProgram], image: str) -> dict[str, float]:
    """Run a method of `DRIVER` in a container without network, rights or writable root."""
    command = (
        "docker run -i --rm --network none --read-only --cap-drop ALL --user 65534:65534 "
        "--security-opt no-new-privileges --pids-limit 64 --memory 2g --tmpfs /tmp "
        f"--entrypoint python3.11 {image} -s -c"
    ).split()
    job = {
        "method": method,
        "prefix": PREFIX,
        "workers": WORKERS,
        "programs": [
            {
                "code": program.refcode,
                "entry": program.entry_point,
                "inputs": [json.dumps(pair.input) for pair in program.io_pairs],
            }
            for program in programs
        ],
    }
    done = subprocess.run(
        [*command, DRIVER], input=json.dumps(job), text=True, capture_output=True, check=True
    )
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def main() -> None:
    """Run the rounds and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--programs", type=int, default=40, help="taken evenly from the file")
    options = parser.parse_args()
    stored = [
        p for p in read_programs(options.file) if all(isinstance(i.input, dict) for i in p.io_pairs)
    ]
    chosen = stored[:: max(len(stored) // options.programs, 1)][: options.programs]
    image = Settings.load().sandbox_image
    sandboxed, reference, bare = Cost(), Cost(), Cost()
    pairs = 0
    with DockerSandbox.open(image, workers=WORKERS) as sandbox:
        replay(sandbox, chosen[:WORKERS], limits=LIMITS)  # both containers are up
        for start in range(0, len(chosen), ROUND):
            programs = chosen[start : start + ROUND]
            before = time.process_time()
            report, _ = replay(sandbox, programs, limits=LIMITS)
            sandboxed.add(report.wall_s, report.cpu_s + time.process_time() - before)
            reference.add(**in_container("reference", programs, image))
            bare.add(**in_container("bare", programs, image))
            pairs += report.pairs
    print(
        json.dumps(
            {
                "pairs": pairs,
                "sandbox_cpu_ms_per_pair": round(1000 * sandboxed.cpu_s / pairs, 2),
                "reference_cpu_ms_per_pair": round(1000 * reference.cpu_s / pairs, 2),
                "bare_cpu_ms_per_pair": round(1000 * bare.cpu_s / pairs, 2),
                "cpu_ratio": round(reference.cpu_s / sandboxed.cpu_s, 1),
                "overhead_ms_per_pair": round(1000 * (sandboxed.cpu_s - bare.cpu_s) / pairs, 2),
                "sandbox_executions_per_s": round(pairs / sandboxed.wall_s, 1),
                "reference_executions_per_s": round(pairs / reference.wall_s, 1),
                "throughput_ratio": round(reference.wall_s / sandboxed.wall_s, 1),
            }
        )
    )


if __name__ == "__main__":
    main()
