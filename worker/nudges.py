"""How Celery holds nudges: in memory, for nothing is lost with one (`tasks.schedule` repeats it).

kombu writes each message that it hands out to two keys in Redis, and removes it when it is acknowledged. That costs
two round trips a job, doubles messages when a connection breaks, and has a trap: an acknowledgement that fails while
Redis is away counts as unacknowledged for ever. With a pool of threads all of the prefetch is soon used up so; the
consumer then asks for no more, never notices that its connection is dead, and the worker stands still until it is
restarted (seen with Celery and kombu 5.7; `tests/integration/test_redis_away.py`).
"""

from typing import Any

from kombu.transport import redis as kombu_redis
from kombu.transport import virtual


class NudgesInHand(virtual.QoS):
    """Counts what this worker has in hand, so that it takes no more than it can use."""

    restore_at_shutdown = False

    def restore_unacked(self, *_: Any) -> None:
        """Forget, when a connection breaks: the scheduler repeats what is still due."""
        self._delivered.clear()

    def restore_visible(self, *_: Any, **__: Any) -> None:
        """Do nothing: no other worker's messages are in Redis to be restored."""


def hold_in_memory() -> None:
    """Make every Redis channel of this process hold its messages so; only for a process that consumes nudges."""
    kombu_redis.Channel.QoS = NudgesInHand  # type: ignore[assignment]
