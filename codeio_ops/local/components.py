"""Which processes make up the stack, in the order they start."""

import sys
from collections.abc import Mapping
from enum import StrEnum

from codeio_ops.config import Settings
from codeio_ops.local import airflow, broker, pooler, postgres, seaweed, workers
from codeio_ops.local.environment import base_environment
from codeio_ops.local.home import Home
from codeio_ops.local.ports import LOOPBACK
from codeio_ops.local.processes import Component
from codeio_ops.local.state import StackState


class Part(StrEnum):
    """A part of the stack that a person can name."""

    POSTGRES = "postgres"
    S3 = "s3"
    TEACHER = "teacher"
    AIRFLOW = "airflow"


EVERYTHING = frozenset(Part)


def storage(home: Home, state: StackState, parts: frozenset[Part]) -> tuple[Component, ...]:
    """Return the processes that Airflow needs before it can start."""
    chosen: list[Component] = []
    if parts & {Part.POSTGRES, Part.AIRFLOW}:
        chosen.append(postgres.component(home, state))
        if state.workers:
            chosen.append(pooler.component(home, state))
    if Part.S3 in parts:
        chosen.append(seaweed.component(home, state))
    if Part.AIRFLOW in parts and state.workers:
        chosen.append(broker.component(home, state))
    return tuple(chosen)


def services(
    home: Home,
    state: StackState,
    settings: Settings,
    environment: Mapping[str, str],
    parts: frozenset[Part],
) -> tuple[Component, ...]:
    """Return the processes that start once the databases are ready."""
    chosen: list[Component] = []
    if Part.TEACHER in parts and settings.runs_offline_teacher:
        chosen.append(_teacher(state, environment))
    if Part.AIRFLOW in parts:
        chosen += airflow.components(environment)
        chosen += workers.components(home, state, environment, base_environment())
    return tuple(chosen)


def _teacher(state: StackState, environment: Mapping[str, str]) -> Component:
    address = ("--host", LOOPBACK, "--port", str(state.ports["teacher"]))
    return Component(
        name="teacher",
        argv=(sys.executable, "-m", "offline_teacher", "serve", *address),
        env=environment,
        inherited=base_environment(),
        tier=1,
    )
