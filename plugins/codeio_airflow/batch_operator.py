"""Sends a stage's requests through the Batch API, without a worker while the endpoint works."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import closing
from typing import Any

from airflow.sdk import BaseOperator, Context
from airflow.triggers.base import BaseTrigger, TriggerEvent

from codeio_airflow.clients import skip_dry_run, task_work
from codeio_airflow.connections import settings_of_trigger
from codeio_ops.errors import SettingsError, TerminalError, TransientError
from codeio_ops.pipeline import STAGES

log = logging.getLogger(__name__)


class BatchTrigger(BaseTrigger):
    """Fires when one of some batches has ended."""

    def __init__(self, batch_ids: list[str], poll_s: float) -> None:
        """Keep what to ask for, and how often."""
        super().__init__()  # type: ignore[no-untyped-call]
        self.batch_ids = batch_ids
        self.poll_s = poll_s

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return what the triggerer builds the trigger from."""
        path = f"{type(self).__module__}.{type(self).__name__}"
        return path, {"batch_ids": self.batch_ids, "poll_s": self.poll_s}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Ask until a batch has ended; an endpoint that is down is asked again.

        A refusal fires too: the task then meets it itself, and fails with its cure.
        """
        from codeio_ops.teacher.batch import any_ended
        from codeio_ops.teacher.endpoint import Endpoint

        settings = await asyncio.to_thread(settings_of_trigger)
        endpoint = Endpoint.chosen(settings)
        while True:
            try:
                if await any_ended(settings, endpoint, self.batch_ids):
                    break
            except TerminalError:
                break
            except TransientError as exc:
                log.warning("the batches cannot be asked for: %s", exc, extra={"action": "batch"})
            await asyncio.sleep(self.poll_s)
        yield TriggerEvent(True)  # type: ignore[no-untyped-call]


class BatchOperator(BaseOperator):
    """Collects and submits batches of one stage until none is open.

    Killed or cleared at any point, it goes on with the batches that are open.
    """

    def __init__(self, *, stage: str, **kwargs: Any) -> None:
        """Keep the stage."""
        super().__init__(**kwargs)
        self.stage = stage

    def execute(self, context: Context) -> None:
        """Advance, and wait for what is open.

        Raises:
            SettingsError: the run has a limit.
        """
        skip_dry_run()
        if context["params"]["limit"]:
            raise SettingsError(
                "batches take every pending row, so a run with a limit must not send them",
                cure="unset CODEIO_TEACHER_BATCH for this run, or trigger it without `limit`",
            )
        self.advance()

    def resume(self, context: Context, event: bool) -> None:
        """Advance again: a batch has ended."""
        self.advance()

    def advance(self) -> None:
        """Collect and submit; defer while a batch is open."""
        from codeio_ops.asking.batches import Batches
        from codeio_ops.teacher.batch import BatchClient
        from codeio_ops.teacher.endpoint import Endpoint

        with task_work(self.stage) as work:
            settings = work.settings
            with closing(BatchClient(settings, Endpoint.chosen(settings))) as client:
                waiting = STAGES[self.stage].waiting_requests(work)
                still_open = Batches(client, work).advance(waiting)
        if still_open:
            trigger = BatchTrigger(still_open, settings.teacher_batch_poll_s)
            self.defer(trigger=trigger, method_name="resume")
