"""Who else is at work: each worker says so every few seconds, and the living take over what the dead held."""

import logging
import uuid
from typing import Final

from redis import Redis

from tasks.store import keys
from tasks.store.keys import INBOX_QUEUE, MAX_READ_BYTES
from tasks.store.scripts import source

log = logging.getLogger("dialer.heartbeat")

BEAT_S: Final = 2.0
#: Silent for longer than this is dead; taking over from the living would be harmless, only wasteful.
DEAD_AFTER_S: Final = 10.0


class Heartbeat:
    """The list of workers in Redis, seen from one of them."""

    def __init__(self, redis: Redis, *, worker: str, concurrency: int) -> None:
        self._worker = worker
        self._concurrency = concurrency
        self._heartbeat = redis.register_script(source("heartbeat"))
        self._epoch: str | None = None
        self._run: str | None = None
        #: Redis was started anew, or is another one, since this was last set to False.
        self.redis_restarted = False
        self._reclaim = redis.register_script(source("reclaim"))
        #: Calls that the living can place at once.
        self.fleet_concurrency = concurrency

    def beat(self) -> list[str]:
        """Say that this worker is alive, and take over from the dead; the names of those that were buried."""
        total, epoch, run, *dead = self._heartbeat(
            keys=[keys.workers, keys.concurrency, keys.epoch],
            args=[self._worker, self._concurrency, int(DEAD_AFTER_S * 1000), uuid.uuid4().hex],
        )
        if self._epoch not in {None, epoch}:
            log.critical(
                "Redis has lost its data: every job that had no outcome is gone, and known ids would be called again."
                " Fix: keep it on disk ('appendonly yes'), and ask the producers what they sent"
            )
        self._epoch = epoch
        self.redis_restarted = self.redis_restarted or self._run not in {None, run}
        self._run = run
        self.fleet_concurrency = max(total, 1)
        for name in dead:
            self._take_over(name, int(DEAD_AFTER_S * 1000))
        return list(dead)

    def leave(self) -> None:
        """Say good-bye: what is left in this worker's hand goes back to the inbox."""
        self._take_over(self._worker, 0)

    def _take_over(self, name: str, silent_ms: int) -> None:
        self._reclaim(
            keys=[keys.workers, keys.concurrency, keys.in_hand(name), INBOX_QUEUE],
            args=[name, silent_ms, MAX_READ_BYTES],
        )
