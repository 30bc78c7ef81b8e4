"""The Celery task `dialer.call`, which the scheduler sends. It only starts an attempt.

Producers send a task named `dial`. No worker runs that task: `tasks.intake` reads its messages directly from Redis.
"""

import logging
import threading
from typing import Any

from celery import Celery

from tasks.attempt import Attempt
from tasks.errors import LedgerUnavailable
from tasks.fleet.scheduler import CALL_TASK

log = logging.getLogger("dialer.dial")


def register(app: Celery, *, attempt: Attempt) -> None:
    """Register the task with the Celery app."""
    # Many tasks may be running when Redis becomes unavailable: only the first one logs it.
    unavailable = threading.Event()

    @app.task(name=CALL_TASK, bind=True, ignore_result=True)  # type: ignore[untyped-decorator]
    def call(task: Any) -> None:
        """Dial the due job that the nudge names. A failure loses nothing, because the ledger still has the job."""
        job_id = task.request.get("job_id")
        try:
            attempt.run(job_id)
        except LedgerUnavailable as error:
            if not unavailable.is_set():
                log.warning("Redis unavailable: %s", error, extra={"job_id": job_id})
            unavailable.set()
        else:
            unavailable.clear()
