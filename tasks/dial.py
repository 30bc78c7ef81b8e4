"""The one Celery task of a worker, `dialer.call`, which the scheduler sends; it is thin.

Producers send a task named `dial`. No worker runs it: `tasks.intake` reads those messages from the queue by itself.
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
    """Give the app its task."""
    # Many nudges may be in hand when Redis becomes unavailable: the first one says it for all.
    unavailable = threading.Event()

    @app.task(name=CALL_TASK, bind=True, ignore_result=True)  # type: ignore[untyped-decorator]
    def call(task: Any) -> None:
        """Dial the due job that the nudge names. A failure here loses nothing: the ledger holds the job."""
        job_id = task.request.get("job_id")
        try:
            attempt.run(job_id)
        except LedgerUnavailable as error:
            if not unavailable.is_set():
                log.warning("Redis unavailable: %s", error, extra={"job_id": job_id})
            unavailable.set()
        else:
            unavailable.clear()
