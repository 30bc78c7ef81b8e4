"""The read side of the ledger: one record, a page of records, counts. Nothing here changes anything."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from redis import Redis

from tasks.codes import OPEN_STATES, OUTCOMES, State
from tasks.keys import Keys

Record = dict[str, Any]

#: Record fields that are numbers; all others are texts.
NUMBERS: Final = frozenset({"attempts", "http_status", "priority", "replays", "conflicts"})


@dataclass(frozen=True, kw_only=True)
class Page:
    """Some records, newest first, and where the next page begins (None: there is none)."""

    records: list[Record]
    after: str | None


class Records:
    """Look-ups for people and for other programs. Raises redis.RedisError when Redis does not answer."""

    def __init__(self, redis: Redis, *, keys: Keys) -> None:
        self._redis = redis
        self._keys = keys

    def show(self, job_id: str) -> Record | None:
        """The record of one job with its public fields, or None when nobody knows it (any more)."""
        return _public(job_id, self._redis.hgetall(self._keys.job(job_id)))

    def many(self, job_ids: list[str]) -> list[Record | None]:
        """The records of many jobs, in their order, in one round trip."""
        pipe = self._redis.pipeline(transaction=False)
        for job_id in job_ids:
            pipe.hgetall(self._keys.job(job_id))
        return [_public(job_id, entries) for job_id, entries in zip(job_ids, pipe.execute(), strict=True)]

    def page(self, state: State, *, batch: str | None = None, after: str | None = None, limit: int = 50) -> Page:
        """A page of the jobs in a state, of one batch or of all, newest first (waiting ones: soonest last).

        Outcomes are read straight from their index. The states before are told apart by the record, so such a page
        may look at more jobs than it shows.
        """
        found: list[Record] = []
        for job_id, score in self._walk(state, batch, after):
            record = self.show(job_id) if state in OPEN_STATES else None
            if state in OUTCOMES or (record and record["state"] == state):
                found.append(record or {"id": job_id})
            after = score
            if len(found) == limit:
                break
        else:
            after = None
        if state in OUTCOMES:
            records = self.many([record["id"] for record in found])
            found = [record for record in records if record and record["state"] == state]
        return Page(records=found, after=after)

    def counts(self, batch: str | None = None) -> dict[str, int]:
        """How many jobs ended in each outcome within the retention, and how many have none yet (`open`)."""
        keys = self._keys
        pipe = self._redis.pipeline(transaction=False)
        outcomes = [state for state in State if state in OUTCOMES]
        for state in outcomes:
            pipe.zcard(keys.batch(batch, state) if batch else keys.index(state))
        for key in [keys.batch(batch, "open")] if batch else [*keys.due, keys.leases]:
            pipe.zcard(key)
        numbers = pipe.execute()
        found = dict(zip(map(str, outcomes), numbers, strict=False))
        return {"open": sum(numbers[len(outcomes) :]), **found}

    def _walk(self, state: State, batch: str | None, after: str | None) -> Iterator[tuple[str, str]]:
        """(job id, cursor) of all that may be in the state, newest first."""
        for key in self._sources(state, batch):
            most = f"({after}" if after else "+inf"
            while True:
                some: Any = self._redis.zrevrangebyscore(key, most, "-inf", start=0, num=200, withscores=True)
                for job_id, score in some:
                    yield job_id, repr(score)
                if len(some) < 200:  # noqa: PLR2004 - the page asked for above
                    break
                most = f"({some[-1][1]!r}"

    def _sources(self, state: State, batch: str | None) -> list[str]:
        keys = self._keys
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
