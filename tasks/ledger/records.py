"""The read side of the ledger: one record, a page of records, counts. Nothing here changes anything."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from redis import Redis

from tasks.codes import OUTCOMES, State
from tasks.store import keys

Record = dict[str, Any]

#: Record fields that are numbers; all others are texts.
NUMBERS: Final = frozenset({"attempts", "http_status", "priority", "replays", "conflicts"})
_AT_A_TIME: Final = 100


@dataclass(frozen=True, kw_only=True)
class Page:
    """Some records, newest first, and where the next page begins (None: there is none); repr shows no number."""

    records: list[Record] = field(repr=False)
    after: str | None


class Records:
    """Look-ups for people and for other programs. Raises LedgerUnavailable when Redis does not answer."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def show(self, job_id: str) -> Record | None:
        """The record of one job with its public fields, or None when nobody knows it (any more)."""
        return _public(job_id, self._redis.hgetall(keys.job(job_id)))

    def many(self, job_ids: list[str]) -> list[Record | None]:
        """The records of many jobs, in their order, in one round trip."""
        pipe = self._redis.pipeline(transaction=False)
        for job_id in job_ids:
            pipe.hgetall(keys.job(job_id))
        return [_public(job_id, entries) for job_id, entries in zip(job_ids, pipe.execute(), strict=True)]

    def page(self, state: State, *, batch: str | None = None, after: str | None = None, limit: int = 50) -> Page:
        """A page of the jobs in a state, of one batch or of all, newest first (waiting ones: soonest last).

        Outcomes have an index each. The states before are told apart by the record, so such a page may look at more
        jobs than it shows. Raises ValueError for an `after` that no page gave.
        """
        found: list[Record] = []
        for cursor, record in self._walk(state, batch, after):
            if record and record["state"] == state:
                found.append(record)
                if len(found) == limit:
                    return Page(records=found, after=cursor)
        return Page(records=found, after=None)

    def every(self, state: State, *, batch: str | None = None) -> Iterator[Record]:
        """All jobs in a state, newest first, read some at a time: memory stays constant."""
        return (record for _, record in self._walk(state, batch, None) if record and record["state"] == state)

    def counts(self, batch: str | None = None) -> dict[str, int]:
        """How many jobs ended in each outcome within the retention, and how many have none yet (`open`)."""
        pipe = self._redis.pipeline(transaction=False)
        outcomes = [state for state in State if state in OUTCOMES]
        for state in outcomes:
            pipe.zcard(keys.batch(batch, state) if batch else keys.index(state))
        for key in [keys.batch(batch, "open")] if batch else [*keys.due, keys.leases]:
            pipe.zcard(key)
        numbers = pipe.execute()
        found = dict(zip(map(str, outcomes), numbers, strict=False))
        return {"open": sum(numbers[len(outcomes) :]), **found}

    def _walk(self, state: State, batch: str | None, after: str | None) -> Iterator[tuple[str, Record | None]]:
        """(cursor, record) of all that may be in the state, newest first, behind the cursor `after`.

        A cursor is the entry's place: source, score and id, for many jobs may be due at the same instant.
        """
        source, score, last_id = after.split(":", 2) if after else ("0", "inf", "")
        start = (float(score), last_id.encode()) if after else None
        for number, key in list(enumerate(self._sources(state, batch)))[int(source) :]:
            for some in self._entries(key, start):
                records = self.many([job_id for job_id, _ in some])
                for (job_id, at), record in zip(some, records, strict=True):
                    yield f"{number}:{at!r}:{job_id}", record
            start = None

    def _entries(self, key: str, after: tuple[float, bytes] | None) -> Iterator[list[tuple[str, float]]]:
        """(id, score) of a sorted set, some at a time, in Redis' order: highest score first, then by bytes."""
        bound, seen = after[0] if after else math.inf, 0
        while True:
            most = "+inf" if bound == math.inf else repr(bound)
            some: Any = self._redis.zrevrangebyscore(key, most, "-inf", start=seen, num=_AT_A_TIME, withscores=True)
            yield [(job_id, at) for job_id, at in some if after is None or (at, job_id.encode()) < after]
            if len(some) < _AT_A_TIME:
                return
            lowest = some[-1][1]
            seen = seen + len(some) if lowest == bound else sum(at == lowest for _, at in some)
            bound = lowest

    def _sources(self, state: State, batch: str | None) -> list[str]:
        if state in OUTCOMES:
            return [keys.batch(batch, state) if batch else keys.index(state)]
        if batch:
            return [keys.batch(batch, "open")]
        return [keys.leases] if state in {State.PREPARING, State.SENDING} else keys.due


def _public(job_id: str, entries: Any) -> Record | None:
    if not entries:
        return None
    fields = {name: value for name, value in entries.items() if not name.startswith("_")}
    return {"id": job_id} | {n: int(v) if n in NUMBERS else v for n, v in fields.items()}
