"""Reads all jobs while the fleet works: each of them once, wherever it moves in the meantime."""

import hashlib
import math
from collections.abc import Collection, Iterator
from typing import Final

from redis import Redis

from tasks.codes import OPEN_STATES, OUTCOMES, State
from tasks.ledger.paging import entries, sources
from tasks.ledger.records import Record, Records
from tasks.store.client import now_ms

#: A pipeline of so many records takes some milliseconds of Redis' time.
_AT_A_TIME: Final = 500


class Export:
    """Yields the record of each job in one of `states`, or in any state, exactly once.

    Jobs move on to an outcome, so those without one are read first. Some move in other ways: a worker requeues them,
    a person retries them, a late answer replaces `unconfirmed`. So whatever has changed since the beginning is read
    again until nothing new is found. For each id, a digest of 8 bytes is kept. Raises LedgerUnavailable.
    """

    def __init__(self, redis: Redis, *, states: Collection[State] = (), batch: str | None = None) -> None:
        self._redis = redis
        self._records = Records(redis)
        self._states = frozenset(states) or frozenset(State)
        self._waiting = self._sources(OPEN_STATES, batch)
        self._ended = self._sources(OUTCOMES, batch)
        self._seen: set[bytes] = set()

    def count(self) -> int:
        """Return how many jobs there are now, or somewhat more: some states share one list."""
        return sum(int(self._redis.zcard(key)) for key in (*self._waiting, *self._ended))

    def __iter__(self) -> Iterator[Record]:
        began = now_ms(self._redis)
        yield from self._new(since_ms=-math.inf)
        found = True
        while found:
            found = False
            for record in self._new(since_ms=began):
                found = True
                yield record

    def _new(self, *, since_ms: float) -> Iterator[Record]:
        """Yield what was not seen before; of the jobs with an outcome, only those that got it since then."""
        for key in (*self._waiting, *self._ended):
            least = since_ms if key in self._ended else -math.inf
            for some in entries(self._redis, key, least=least, at_a_time=_AT_A_TIME):
                ids = [job_id for job_id, _ in some if _digest(job_id) not in self._seen]
                for record in self._records.many(ids):
                    # It may have moved to a state that is not wanted, or its record may have expired.
                    if record and record["state"] in self._states and (it := _digest(record["id"])) not in self._seen:
                        self._seen.add(it)
                        yield record

    def _sources(self, group: frozenset[State], batch: str | None) -> list[str]:
        """Return the keys of these states, each once."""
        wanted = [state for state in State if state in group & self._states]
        return list(dict.fromkeys(key for state in wanted for key in sources(state, batch)))


def _digest(job_id: str) -> bytes:
    return hashlib.blake2b(job_id.encode(), digest_size=8).digest()
