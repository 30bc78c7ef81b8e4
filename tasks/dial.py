"""The Celery tasks: `dial`, which producers send, and `dialer.call`, which the scheduler sends. Both are thin."""

import logging
import threading
from collections.abc import Callable
from typing import Any

from celery import Celery

from tasks.attempt import Attempt
from tasks.errors import LedgerUnavailable
from tasks.fleet.scheduler import CALL_TASK
from tasks.intake.message import TASK, read_arguments
from tasks.ledger.ledger import Ledger

log = logging.getLogger("dialer.dial")


def register(app: Celery, *, ledger: Callable[[], Ledger], attempt: Callable[[], Attempt]) -> None:
    """Give the app its two tasks; the collaborators are asked for when a task runs, in the process that runs it."""

    @app.task(name=TASK, bind=True, ignore_result=True, acks_late=True)  # type: ignore[untyped-decorator]
    def dial(task: Any, *args: Any, **kwargs: Any) -> None:
        """Accept a job into the ledger, for whoever consumes the inbox with a plain Celery worker."""
        ledger().accept([read_arguments(task.request.id, list(args), kwargs)])

    # Many nudges may be in hand when the ledger goes away: the first one says it for all.
    away = threading.Event()

    @app.task(name=CALL_TASK, bind=True, ignore_result=True)  # type: ignore[untyped-decorator]
    def call(task: Any) -> None:
        """Dial the due job that the nudge names. A failure here loses nothing: the ledger holds the job."""
        job_id = task.request.get("job_id")
        use_case = attempt()
        try:
            use_case.run(job_id)
        except LedgerUnavailable as error:
            if not away.is_set():
                log.warning("Redis unavailable: %s", error, extra={"job_id": job_id})
            away.set()
        else:
            away.clear()
