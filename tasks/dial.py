"""The one Celery task of a worker, `dialer.call`, which the scheduler sends; it is thin.

Producers send a task named `dial`. No worker runs it: `tasks.intake` reads those messages from the queue by itself.
"""

import logging
import threading
from typing import Any

from celery import Celery

from tasks.attempt import Attempt
from tasks.fleet.scheduler import CALL_TASK
from tasks.ledger.ledger import Ledger

log = logging.getLogger("dialer.dial")


def register(app: Celery, *, ledger: Ledger, attempt: Attempt) -> None:
    """Give the app its task."""
    # Many nudges may be in hand when the ledger goes away: the first one says it for all.
    away = threading.Event()

    @app.task(name=CALL_TASK, bind=True, ignore_result=True)  # type: ignore[untyped-decorator]
    def call(task: Any) -> None:
        """Dial the due job that the nudge names. A failure here loses nothing: the ledger holds the job."""
        job_id = task.request.get("job_id")
        try:
            attempt.run(job_id)
        except ledger.unavailable as error:
            if not away.is_set():
                log.warning("the ledger is away: %s", error, extra={"job_id": job_id})
            away.set()
        else:
            away.clear()
