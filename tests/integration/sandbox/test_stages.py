"""The stages that run programs: any language, measures, quarantine, and the nightly check."""

from dataclasses import dataclass, fields
from typing import Any, Unpack
from uuid import UUID, uuid4

import pytest
from sqlalchemy import create_engine, text

from codeio_airflow.sandbox_tasks import attack_sandbox
from codeio_ops.asking.prompts import build_prompts
from codeio_ops.config import Settings
from codeio_ops.errors import SandboxUnsafe
from codeio_ops.records import PromptRow, Record, VerdictRow
from codeio_ops.sample.pairs import sample_programs
from codeio_ops.sandbox import attack as attack_module
from codeio_ops.sandbox import failure
from codeio_ops.sandbox.approval import record_outcomes, require_contained
from codeio_ops.sandbox.attack import Attack, Outcome
from codeio_ops.sandbox.pool import DockerSandbox
from codeio_ops.storage.engine import Store
from codeio_ops.storage.runs import FactWriter, TaskIdentity, stage_run
from codeio_ops.storage.shards import whole_range
from codeio_ops.verify.answers import verify_responses
from codeio_ops.work import Parts, Work
from support.facts import FactBuilder

# A timer may send any signal to its own process: a kill that no limit explains. The name of the
# module alone would have the program dropped before it runs.
SUICIDE = (
    "resource = __import__('reso' + 'urce')\n"
    "def main_solution(x):\n"
    " resource.setrlimit(resource.RLIMIT_CPU, (1, 1))\n"
    " while True: pass\n"
)
DRAW = "import random\ndef input_generator(): return {'x': random.randint(1, 9)}"
PYTHON = "def main_solution(x): return x / 2"
CONSTANT = "def main_solution(x): return x > 0"
JAVASCRIPT = "function main_solution({ x }) { return x + 1; }"
DRAW_JAVASCRIPT = "const input_generator = () => ({ x: Math.floor(Math.random() * 9) });"


@dataclass(frozen=True, kw_only=True)
class Stage:
    """What a stage works with, and a look at what it stored."""

    settings: Settings
    store: Store
    writer: FactWriter

    def work(self, name: str, **parts: Unpack[Parts]) -> Work:
        task = TaskIdentity(dag_id="test", run_id="test", task_id=name)
        given: Parts = {"store": self.store, "writer": self.writer, "sandbox_writer": self.writer}
        return Work(self.settings, name, task, **(given | parts))

    def rows(self, query: str) -> list[Any]:
        engine = create_engine(self.settings.owner_database_url.get_secret_value())
        with engine.connect() as link:
            found = list(link.execute(text(query)).mappings())
        engine.dispose()
        return found

    def add_program(self, code: str, generator: str = DRAW, language: str = "python") -> UUID:
        facts = self.facts()
        file = facts.file(code, language=language)
        program = facts.program(file, code, generator=generator)
        self.writer.write(facts.records)
        return program.program_id

    def facts(self) -> FactBuilder:
        return FactBuilder(self.writer.run.stage_run_id)


@pytest.fixture
def stage(settings: Settings, store: Store) -> Stage:
    task = TaskIdentity(dag_id="test", run_id=str(uuid4()), task_id="test")
    run = stage_run("sample", task, settings, image_digest="sha256:tested")
    return Stage(settings=settings, store=store, writer=FactWriter(store, run))


def _columns(record: type[Record], row: Any) -> dict[str, Any]:
    return {column.name: row[column.name] for column in fields(record)}


def sample(stage: Stage, sandbox: DockerSandbox) -> dict[str, int]:
    parts: Parts = {"sandbox": sandbox, "confirming_sandbox": sandbox}
    return dict(sample_programs(whole_range(), stage.work("sample", **parts)))


def test_a_program_that_breaks_the_sandbox_is_dropped_and_the_shard_goes_on(
    stage: Stage, sandbox: DockerSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The kernel kills it at a limit of its own, which the host is made not to know.
    monkeypatch.setattr(failure, "_SHORTEST_CPU_LIMIT_MS", 1e9)
    broken, sound = stage.add_program(SUICIDE), stage.add_program(PYTHON)
    counts = sample(stage, sandbox)
    assert (counts["sandbox_fault"], counts["sampled"]) == (1, 1)
    [drop] = stage.rows("SELECT * FROM codeio.drop_record")
    assert (drop["subject_id"], drop["reason"]) == (broken, "sandbox_fault")
    pairs = stage.rows("SELECT DISTINCT program_id FROM codeio.io_pair")
    assert [row["program_id"] for row in pairs] == [sound]
    assert sample(stage, sandbox) == {}


def test_what_sampling_shows_is_stored_for_dropped_programs_too(
    stage: Stage, sandbox: DockerSandbox
) -> None:
    halves, constant = stage.add_program(PYTHON), stage.add_program(CONSTANT)
    sample(stage, sandbox)
    measures = {
        row["program_id"]: row for row in stage.rows("SELECT * FROM codeio.program_measure")
    }
    assert measures[halves]["outputs"] == measures[halves]["distinct_outputs"] == 9
    assert measures[halves]["float_share"] == 1.0
    assert not measures[halves]["constant"]
    assert measures[constant]["constant"] and measures[constant]["boolean_share"] == 1.0
    for measure in measures.values():
        assert measure["calls"] == 9 and measure["cpu_ms"] > 0 and measure["peak_rss_kib"] > 1000


def test_a_program_in_another_language_takes_the_same_road(
    stage: Stage, sandbox: DockerSandbox
) -> None:
    program = stage.add_program(JAVASCRIPT, DRAW_JAVASCRIPT, "javascript")
    assert sample(stage, sandbox)["sampled"] == 1
    build_prompts(whole_range(), stage.work("prompt"))
    [prompt] = stage.rows(
        "SELECT * FROM codeio.prompt JOIN codeio.io_pair USING (io_pair_id)"
        " WHERE direction = 'input' AND ordinal = 0"
    )
    right = prompt["output"] - 1
    facts = stage.facts()
    body = f'It adds one.\n```json\n{{"input": {{"x": {right}}}}}\n```'
    facts.response(PromptRow(**_columns(PromptRow, prompt)), body)
    stage.writer.write(facts.records)
    counts = verify_responses(whole_range(), stage.work("verify", sandbox=sandbox))
    assert counts == {"correct": 1}
    [verdict] = stage.rows("SELECT * FROM codeio.verdict")
    facts.sample(prompt["prompt_id"], VerdictRow(**_columns(VerdictRow, verdict)))
    stage.writer.write(facts.records)
    [released] = stage.rows("SELECT * FROM codeio.sample_text")
    assert (released["language"], released["program_id"]) == ("javascript", program)
    assert "```javascript" in released["prompt"]


def test_an_escape_closes_the_image_until_a_later_check_holds(stage: Stage) -> None:
    held, escaped = Outcome(name="a"), Outcome(name="fork bomb", complaint="ended with ok")
    require_contained(stage.store, "sha256:new")
    record_outcomes([held, escaped], image_digest="sha256:new", writer=stage.writer)
    require_contained(stage.store, "sha256:other")
    with pytest.raises(SandboxUnsafe, match="fork bomb") as caught:
        require_contained(stage.store, "sha256:new")
    assert "codeio sandbox attack --record" in caught.value.cure
    task = TaskIdentity(dag_id="test", run_id="later", task_id="test")
    later = FactWriter(stage.store, stage_run("canary", task, stage.settings))
    record_outcomes([held], image_digest="sha256:new", writer=later)
    require_contained(stage.store, "sha256:new")


def test_the_canary_records_an_escape_and_the_stages_then_refuse(
    stage: Stage, sandbox: DockerSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    hole = Attack(name="a hole", acceptable=frozenset({"timeout"}), code="def main_solution(): 1")
    monkeypatch.setattr(attack_module, "load_attacks", lambda: [hole])
    with pytest.raises(SandboxUnsafe, match="a hole"):
        attack_sandbox(stage.work("canary", attacked_sandbox=sandbox))
    with stage.work("sample") as work, pytest.raises(SandboxUnsafe, match="a hole"):
        assert work.sandbox is None
