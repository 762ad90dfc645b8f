"""Calls each stage of `codeio_ops` with the clients of a task."""

from collections import Counter

from codeio_airflow.clients import TaskClients
from codeio_ops.asking.answer import answer_prompts
from codeio_ops.asking.program import transform_files
from codeio_ops.asking.prompts import build_prompts
from codeio_ops.asking.revise import revise_answers
from codeio_ops.quality.leakage.quarantine import screen_files
from codeio_ops.sample.pairs import sample_programs
from codeio_ops.sample.recheck import recheck_pairs
from codeio_ops.storage.shards import Shard
from codeio_ops.verify.answers import verify_responses


def deduplicate_files(clients: TaskClients) -> Counter[str]:
    """Raw files to clusters of near-duplicates."""
    # It loads the compiler of the signatures, which other tasks need not wait for.
    from codeio_ops.dedup.corpus import RawFiles
    from codeio_ops.dedup.stage import deduplicate

    corpus = RawFiles(clients.store, clients.blobs)
    return deduplicate(corpus, store=clients.store, objects=clients.objects, writer=clients.writer)


def deduplicate_programs(clients: TaskClients) -> Counter[str]:
    """Programs to clusters of near-duplicates."""
    from codeio_ops.dedup.corpus import Programs
    from codeio_ops.dedup.stage import deduplicate

    return deduplicate(
        Programs(clients.store),
        store=clients.store,
        objects=clients.objects,
        writer=clients.writer,
    )


def screen(shard: Shard, clients: TaskClients) -> Counter[str]:
    """Raw files to quarantine, where they leak a benchmark."""
    return screen_files(
        shard,
        store=clients.store,
        objects=clients.objects,
        writer=clients.writer,
        settings=clients.settings,
    )


def transform(shard: Shard, clients: TaskClients) -> Counter[str]:
    """Raw files to programs."""
    return transform_files(
        shard,
        store=clients.store,
        blobs=clients.blobs,
        teacher=clients.teacher,
        writer=clients.writer,
        settings=clients.settings,
        first=clients.first_teacher,
    )


def sample(shard: Shard, clients: TaskClients) -> Counter[str]:
    """Programs to input/output pairs."""
    return sample_programs(
        shard,
        store=clients.store,
        sandbox=clients.sandbox,
        confirming=clients.confirming_sandbox,
        writer=clients.sandbox_writer,
        settings=clients.settings,
    )


def prompt(shard: Shard, clients: TaskClients) -> Counter[str]:
    """Pairs to prompts."""
    return build_prompts(
        shard, store=clients.store, writer=clients.writer, settings=clients.settings
    )


def answer(shard: Shard, clients: TaskClients) -> Counter[str]:
    """Prompts to first answers."""
    return answer_prompts(
        shard,
        store=clients.store,
        teacher=clients.teacher,
        writer=clients.writer,
        settings=clients.settings,
    )


def verify(shard: Shard, clients: TaskClients) -> Counter[str]:
    """Responses to verdicts."""
    return verify_responses(
        shard,
        store=clients.store,
        sandbox=clients.sandbox,
        writer=clients.sandbox_writer,
        settings=clients.settings,
    )


def recheck(shard: Shard, clients: TaskClients) -> Counter[str]:
    """Pairs of another sandbox image to checks in the one in use."""
    return recheck_pairs(
        shard,
        store=clients.store,
        sandbox=clients.sandbox,
        writer=clients.sandbox_writer,
        settings=clients.settings,
    )


def revise(shard: Shard, clients: TaskClients) -> Counter[str]:
    """Wrong first answers to revisions."""
    return revise_answers(
        shard,
        store=clients.store,
        teacher=clients.teacher,
        writer=clients.writer,
        settings=clients.settings,
    )


def attack_sandbox(clients: TaskClients) -> int:
    """Attack the sandbox image in use and return how many programs were contained.

    Raises:
        SandboxUnsafe: one was not; this is stored, and stops the stages that run programs.
    """
    from codeio_ops.sandbox.approval import record_outcomes, require_contained
    from codeio_ops.sandbox.attack import attack, load_attacks

    sandbox = clients.attacked_sandbox
    outcomes = attack(sandbox, load_attacks())
    check = record_outcomes(
        outcomes, image_digest=sandbox.image_digest, writer=clients.canary_writer
    )
    require_contained(clients.store, sandbox.image_digest)
    return check.programs
