"""The hostile programs are contained: one named row each, then together and with less memory."""

import json
from pathlib import Path

import pytest

from codeio_ops.errors import SettingsError
from codeio_ops.sandbox.attack import Attack, attack, load_attacks
from codeio_ops.sandbox.pool import DockerSandbox


def test_gvisor_contains_all(gvisor_sandbox: DockerSandbox) -> None:
    outcomes = attack(gvisor_sandbox, load_attacks())
    assert [outcome for outcome in outcomes if not outcome.contained] == []


@pytest.mark.parametrize("one", load_attacks(), ids=lambda one: one.name)
def test_one_worker_contains(sandbox: DockerSandbox, one: Attack) -> None:
    [outcome] = attack(sandbox, [one])
    assert outcome.contained, outcome


def test_two_workers_with_little_memory_contain_all(image: str) -> None:
    with DockerSandbox.open(image, workers=2, memory_mib=256) as sandbox:
        outcomes = attack(sandbox, load_attacks())
    assert [outcome for outcome in outcomes if not outcome.contained] == []


def test_an_attack_that_ends_otherwise_or_leaves_a_trace_is_not_contained(
    sandbox: DockerSandbox,
) -> None:
    rows = [
        Attack(name="verdict", acceptable=frozenset({"timeout"}), code="def main_solution(): 1"),
        Attack(
            name="value",
            acceptable=frozenset({"ok"}),
            value=2,
            code="def main_solution(): return 1",
        ),
        Attack(
            name="error",
            acceptable=frozenset({"exception"}),
            error="OSError",
            code="def main_solution(): 1 / 0",
        ),
    ]
    assert [outcome.contained for outcome in attack(sandbox, rows)] == [False] * 3


def test_other_words_for_our_verdicts(sandbox: DockerSandbox, tmp_path: Path) -> None:
    rows = [
        {"name": "a", "acceptable": ["oom"], "code": "def main_solution(): bytearray(1 << 40)"},
        {
            "name": "b",
            "acceptable": ["output_too_large"],
            "code": "def main_solution(): return 'x' * 70_000",
        },
    ]
    path = tmp_path / "attacks.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert [outcome.contained for outcome in attack(sandbox, load_attacks(path))] == [True] * 2


def test_a_file_without_attacks_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "attacks.jsonl"
    path.write_text('{"name": "x"}\n')
    with pytest.raises(SettingsError, match="holds no hostile programs"):
        load_attacks(path)
    with pytest.raises(SettingsError, match="holds no hostile programs"):
        load_attacks(tmp_path / "nowhere.yaml")
