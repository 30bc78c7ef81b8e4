"""Heartbeats: each worker writes one every few seconds, and reclaims the messages of unresponsive workers."""

import logging
import uuid
from typing import Final

from redis import Redis

from tasks.store import keys
from tasks.store.keys import INBOX_QUEUE, MAX_READ_BYTES
from tasks.store.scripts import source

log = logging.getLogger("dialer.heartbeat")

BEAT_S: Final = 2.0
#: A worker without a heartbeat for longer than this counts as dead. Reclaiming the messages of a live worker would do
#: no harm.
DEAD_AFTER_S: Final = 10.0


class Heartbeat:
    """The heartbeat of one worker, and its view of the other workers."""

    def __init__(self, redis: Redis, *, worker: str, concurrency: int) -> None:
        self._worker = worker
        self._concurrency = concurrency
        self._heartbeat = redis.register_script(source("heartbeat"))
        self._epoch: str | None = None
        self._run: str | None = None
        #: Whether Redis was restarted, or is another server, since this was last set to False.
        self.redis_restarted = False
        self._reclaim_script = redis.register_script(source("reclaim"))
        #: How many calls all live workers together can place at once.
        self.fleet_concurrency = concurrency

    def beat(self) -> list[str]:
        """Write the heartbeat, and reclaim the messages of dead workers; return the names of the dead workers."""
        total, epoch, run, *dead = self._heartbeat(
            keys=[keys.workers, keys.concurrency, keys.epoch],
            args=[self._worker, self._concurrency, int(DEAD_AFTER_S * 1000), uuid.uuid4().hex],
        )
        if self._epoch not in {None, epoch}:
            log.critical(
                "Redis has lost its data: all jobs without an outcome are lost, and known ids would be called again."
                " Fix: set 'appendonly yes', and let the producers send again the jobs without an outcome"
            )
        self._epoch = epoch
        self.redis_restarted = self.redis_restarted or self._run not in {None, run}
        self._run = run
        self.fleet_concurrency = max(total, 1)
        for name in dead:
            self._reclaim(name, int(DEAD_AFTER_S * 1000))
        return list(dead)

    def deregister(self) -> None:
        """Remove this worker from the list of workers, and move its messages back to the inbox."""
        self._reclaim(self._worker, 0)

    def _reclaim(self, name: str, silent_ms: int) -> None:
        self._reclaim_script(
            keys=[keys.workers, keys.concurrency, keys.in_hand(name), INBOX_QUEUE],
            args=[name, silent_ms, MAX_READ_BYTES],
        )
