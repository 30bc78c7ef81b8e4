"""How Celery holds nudges: in memory, for nothing is lost with one (`tasks.fleet.scheduler` repeats it).

kombu writes each message that it hands out to two keys in Redis, and removes it when it is acknowledged. That costs
two round trips a job, doubles messages when a connection breaks, and has a trap: an acknowledgement that fails while
Redis is away counts as unacknowledged for ever. With a pool of threads all of the prefetch is soon used up so; the
consumer then asks for no more, never notices that its connection is dead, and the worker stands still until it is
restarted (seen with Celery and kombu 5.7; `tests/integration/worker/test_redis_away.py`).
"""

import json
import logging
import uuid
from typing import Any

from kombu.transport import redis as kombu_redis
from kombu.transport import virtual

from tasks.fleet.scheduler import CALL_TASK, nudge_message

log = logging.getLogger("dialer.nudges")


class NudgesInHand(virtual.QoS):
    """Counts what this worker has in hand, so that it takes no more than it can use."""

    restore_at_shutdown = False

    def restore_unacked(self, *_: Any) -> None:
        """Forget, when a connection breaks: the scheduler repeats what is still due."""
        self._delivered.clear()

    def restore_visible(self, *_: Any, **__: Any) -> None:
        """Do nothing: no other worker's messages are in Redis to be restored."""


def read_nudge(text: str) -> Any:
    """The nudge in a queue entry, made anew; one for no job in place of what is none.

    Nothing but job id and tag is taken over: Celery and kombu are given no content, type or header of a stranger's to
    decode, which can take a worker down.
    """
    try:
        message = json.loads(text)
        headers, tag = message["headers"], message["properties"]["delivery_tag"]
        job_id = headers["job_id"] if headers["task"] == CALL_TASK else None
        if isinstance(job_id, str) and job_id.isprintable() and isinstance(tag, str):
            return json.loads(nudge_message(queue="", job_id=job_id, tag=tag))
    except (ValueError, TypeError, KeyError, RecursionError):
        pass
    log.warning("dropped what is no nudge from the queue of calls, where nobody but Dialer may write")
    return json.loads(nudge_message(queue="", job_id="", tag=uuid.uuid4().hex))


def hold_in_memory() -> None:
    """Make every Redis channel of this process hold its messages so; only for a process that consumes nudges."""
    kombu_redis.Channel.QoS = NudgesInHand  # type: ignore[assignment]
    kombu_redis.loads = read_nudge  # type: ignore[attr-defined,assignment]
