"""Reads the ledger: one record, a page of records, or counts. Nothing here changes the ledger."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from redis import Redis

from tasks.codes import OUTCOMES, State
from tasks.ledger.paging import entries, sources
from tasks.ledger.tally import results_of
from tasks.store import keys

Record = dict[str, Any]

#: Fields of a record that are numbers.
NUMBERS: Final = frozenset({"attempts", "http_status", "priority", "replays", "conflicts", "max_attempts"})
#: Fields that are seconds, with a fraction.
SECONDS: Final = frozenset({"ring_s", "talk_s"})
#: Fields that are JSON.
OBJECTS: Final = frozenset({"attributes", "calls", "evidence", "redial"})
#: Without their records, ids are small.
_IDS_AT_A_TIME: Final = 2_000


@dataclass(frozen=True, kw_only=True)
class Page:
    """Some records, newest first, and the cursor of the next page, or None; repr shows no phone number."""

    records: list[Record] = field(repr=False)
    after: str | None


class Records:
    """Looks up records. Raises LedgerUnavailable when Redis does not answer."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def show(self, job_id: str) -> Record | None:
        """Return the public fields of a record, or None if there is no such record or it has expired."""
        return _public(job_id, self._redis.hgetall(keys.job(job_id)))

    def many(self, job_ids: list[str]) -> list[Record | None]:
        """Return the records of many jobs, in the order of the ids, in one round trip."""
        pipe = self._redis.pipeline(transaction=False)
        for job_id in job_ids:
            pipe.hgetall(keys.job(job_id))
        return [_public(job_id, entries) for job_id, entries in zip(job_ids, pipe.execute(), strict=True)]

    def page(
        self,
        state: State,
        *,
        batch: str | None = None,
        code: str | None = None,
        result: str | None = None,
        after: str | None = None,
        limit: int = 50,
    ) -> Page:
        """Return a page of the jobs in a state, of one batch or of all, newest first. Waiting jobs: latest due first.

        `code` and `result` leave out the jobs with another. Each outcome has an index. The other states, codes and
        results are found by reading records, so such a page may read more jobs than it returns. Raises ValueError if
        `after` is not the cursor of a page.
        """
        found: list[Record] = []
        for cursor, record in self._walk(state, batch, after):
            if not record or record["state"] != state:
                continue
            if code in {None, record.get("code")} and result in {None, record.get("result")}:
                found.append(record)
                if len(found) == limit:
                    return Page(records=found, after=cursor)
        return Page(records=found, after=None)

    def every(self, state: State, *, batch: str | None = None) -> Iterator[Record]:
        """Yield all jobs in a state, newest first. They are read in parts, so the memory does not grow."""
        return (record for _, record in self._walk(state, batch, None) if record and record["state"] == state)

    def ids(self, states: Iterable[State], *, batch: str | None = None) -> Iterator[str]:
        """Yield the ids of all jobs that may be in these states, unread: only their records say whether they are."""
        for key in dict.fromkeys(key for state in states for key in sources(state, batch)):
            for some in entries(self._redis, key, at_a_time=_IDS_AT_A_TIME):
                yield from (job_id for job_id, _ in some)

    def counts(self, batch: str | None = None) -> dict[str, int]:
        """Return the number of jobs of each outcome within the retention, and of jobs without an outcome (`open`)."""
        pipe = self._redis.pipeline(transaction=False)
        outcomes = [state for state in State if state in OUTCOMES]
        for state in outcomes:
            pipe.zcard(keys.batch(batch, state) if batch else keys.index(state))
        for key in [keys.batch(batch, "open")] if batch else [*keys.due, keys.waiting, keys.leases]:
            pipe.zcard(key)
        numbers = pipe.execute()
        found = dict(zip(map(str, outcomes), numbers, strict=False))
        return {"open": sum(numbers[len(outcomes) :]), **found}

    def results(self, batch: str) -> dict[str, int]:
        """Return how many calls of a batch have each result, in the order of `CallResult`, without those of none."""
        return results_of(self._redis.hgetall(keys.batch_counts(batch)))

    def _walk(self, state: State, batch: str | None, after: str | None) -> Iterator[tuple[str, Record | None]]:
        """Yield (cursor, record) of all jobs that may be in the state, newest first, after the cursor `after`.

        A cursor consists of source, score and id, because many jobs may be due at the same time.
        """
        source, score, last_id = after.split(":", 2) if after else ("0", "inf", "")
        start = (float(score), last_id.encode()) if after else None
        for number, key in list(enumerate(sources(state, batch)))[int(source) :]:
            for some in entries(self._redis, key, after=start):
                records = self.many([job_id for job_id, _ in some])
                for (job_id, at), record in zip(some, records, strict=True):
                    yield f"{number}:{at!r}:{job_id}", record
            start = None


def _public(job_id: str, entries: Any) -> Record | None:
    if not entries:
        return None
    # What the producer asked for is in the job until it is placed, and then in the record itself (`outcome.lua`).
    asked: Record = json.loads(entries.get("_job", "{}"))
    asked.pop("to", None)  # it is in the record in E.164, and as it was written
    fields = {name: _value(name, text) for name, text in entries.items() if not name.startswith("_")}
    return {"id": job_id} | asked | fields


def _value(name: str, text: str) -> Any:
    if name in NUMBERS:
        return int(text)
    if name in SECONDS:
        return float(text)
    if name == "final":
        return text == "1"
    return json.loads(text) if name in OBJECTS else text
