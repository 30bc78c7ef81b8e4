"""The lease of the one worker that receives the events of calls for the fleet."""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from redis import Redis
from redis.exceptions import LockError
from redis.lock import Lock

from tasks.store import keys

#: Another worker takes over this time after the holder's death, and after at most `ASK_S` more.
LEASE_S: Final = 9.0
#: How often the holder renews the lease, and how often another worker asks for it.
ASK_S: Final = 2.0


class EventLease:
    """The lease, as one worker sees it: a lock of redis-py. `clock` gives seconds.

    Two workers may hold it for a moment, if one was suspended. This does no harm, because an event may come twice.
    """

    def __init__(self, redis: Redis, *, worker: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._lock = Lock(redis, keys.events_lease, timeout=LEASE_S, blocking=False, thread_local=False)
        self._worker = worker
        self._clock = clock
        self._held = False
        self._ask_at = clock()

    def hold(self) -> bool:
        """Renew the lease, or take it if nobody has it; return whether this worker has it.

        Raises LedgerUnavailable.
        """
        now = self._clock()
        if now < self._ask_at:
            return self._held
        self._held = (self._held and self._renewed()) or bool(self._lock.acquire(token=self._worker))
        self._ask_at = now + ASK_S
        return self._held

    def release(self) -> None:
        """Give the lease back, so that another worker takes over at once; raises LedgerUnavailable."""
        if self._held:
            self._held = False
            with suppress(LockError):  # it may have ended already
                self._lock.release()

    def _renewed(self) -> bool:
        try:
            return self._lock.reacquire()
        except LockError:
            return False
