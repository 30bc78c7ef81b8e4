"""Makes kombu keep prefetched nudges in memory only; `tasks.fleet.scheduler` repeats a nudge that is lost.

By default, kombu stores each message that it delivers under two keys in Redis, and removes it when the message is
acknowledged. That costs two round trips per job, and duplicates messages when a connection breaks. It also has a
defect: an acknowledgement that fails while Redis is unavailable is never repeated, and its message keeps counting as
unacknowledged. With a pool of threads, such messages soon use up the whole prefetch count. The consumer then asks for
no more messages, never notices that its connection is broken, and the worker does nothing until it is restarted (seen
with Celery and kombu 5.7; `tests/integration/worker/test_redis_away.py`).
"""

import json
import logging
import uuid
from typing import Any

from kombu.transport import redis as kombu_redis
from kombu.transport import virtual

from tasks.fleet.scheduler import CALL_TASK, nudge_message

log = logging.getLogger("dialer.nudges")


class InMemoryQoS(virtual.QoS):
    """Counts the unacknowledged nudges of this worker, which limits how many it prefetches."""

    restore_at_shutdown = False

    def restore_unacked(self, *_: Any) -> None:
        """Forget all nudges after a connection broke; the scheduler repeats those of jobs that are still due."""
        self._delivered.clear()

    def restore_visible(self, *_: Any, **__: Any) -> None:
        """Do nothing, because no worker stores unacknowledged messages in Redis."""


def read_nudge(text: str) -> Any:
    """Rebuild the nudge in a queue entry from its job id and tag; an invalid entry becomes a nudge without a job.

    Nothing else of the entry is used. If somebody else wrote it, Celery and kombu do not decode its content, type or
    headers, which could stop the worker.
    """
    try:
        message = json.loads(text)
        headers, tag = message["headers"], message["properties"]["delivery_tag"]
        job_id = headers["job_id"] if headers["task"] == CALL_TASK else None
        if isinstance(job_id, str) and job_id.isprintable() and isinstance(tag, str):
            return json.loads(nudge_message(queue="", job_id=job_id, tag=tag))
    except (ValueError, TypeError, KeyError, RecursionError):
        pass
    log.warning("discarded an invalid message from the queue of calls; only Dialer may write to this queue")
    return json.loads(nudge_message(queue="", job_id="", tag=uuid.uuid4().hex))


def patch_kombu() -> None:
    """Patch every Redis channel of this process; only for a process that consumes nothing but nudges."""
    kombu_redis.Channel.QoS = InMemoryQoS  # type: ignore[assignment]
    kombu_redis.loads = read_nudge  # type: ignore[attr-defined,assignment]
