"""All that the ledger keeps of a few jobs, read in one go."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from redis import Redis

from tasks.codes import OUTCOMES
from tasks.store import keys
from tasks.store.keys import INBOX_LISTS

STATES = sorted(OUTCOMES)
#: They change without the job, so a result need not show the last count.
COUNTED_LATER = ("replays", "conflicts")


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    records: dict[str, dict[str, str]]
    results: dict[str, dict[str, Any]]
    #: Job id -> the priorities of the due sets that it is in.
    due: dict[str, list[int]]
    #: Job id -> when its lease ends.
    leases: dict[str, float]
    #: Job id -> its not_after.
    expiring: dict[str, float]
    workers: set[str]
    #: Outcome -> ids, and (batch, outcome or "open") -> ids.
    index: dict[str, set[str]]
    batches: dict[tuple[str, str], set[str]]
    #: (job id, state), oldest first.
    stream: list[tuple[str, str]]
    #: Raw messages: nudges, those in the inbox, and in each hand.
    calls: list[str]
    inbox: list[str]
    hands: dict[str, list[str]]
    #: Jobs that wait for a user, and the same in their order.
    waiting: set[str]
    order: set[str]
    #: Job id -> when its hold ends, and the user that it holds; user -> number of calls.
    holds: dict[str, float]
    holders: dict[str, str]
    calls_of: dict[str, int]

    @classmethod
    def of(cls, redis: Redis, *, ids: Mapping[str, str], batches: Sequence[str], workers: Sequence[str]) -> Self:
        """`ids`: record -> the id by which its producer knows it."""
        pipe = redis.pipeline(transaction=False)
        for job_id, sent_as in ids.items():
            pipe.hgetall(keys.job(job_id))
            pipe.get(keys.result(sent_as))
        pipe.zrange(keys.leases, 0, -1, withscores=True)
        pipe.zrange(keys.expiring, 0, -1, withscores=True)
        for key in [*keys.due, keys.workers, *map(keys.index, STATES)]:
            pipe.zrange(key, 0, -1)
        for batch in batches:
            for state in [*STATES, "open"]:
                pipe.zrange(keys.batch(batch, state), 0, -1)
        pipe.xrange(keys.outcomes)
        for key in (keys.waiting, keys.waiting_order):
            pipe.zrange(key, 0, -1)
        pipe.zrange(keys.holds, 0, -1, withscores=True)
        for key in (keys.holders, keys.users_calls):
            pipe.hgetall(key)
        for key in [keys.calls, *INBOX_LISTS, *map(keys.in_hand, workers)]:
            pipe.lrange(key, 0, -1)
        replies: Any = iter(pipe.execute())
        pairs = {job_id: (next(replies), next(replies)) for job_id in ids}
        leases, expiring = dict(next(replies)), dict(next(replies))
        due: dict[str, list[int]] = {}
        for key in keys.due:
            for job_id in next(replies):
                due.setdefault(job_id, []).append(int(key.rsplit(":", 1)[1]))
        return cls(
            records={job_id: record for job_id, (record, _) in pairs.items() if record},
            results={job_id: json.loads(result)["result"] for job_id, (_, result) in pairs.items() if result},
            due=due,
            leases=leases,
            expiring=expiring,
            workers=set(next(replies)),
            index={state: set(next(replies)) for state in STATES},
            batches={(batch, state): set(next(replies)) for batch in batches for state in [*STATES, "open"]},
            stream=[(entry["id"], entry["state"]) for _, entry in next(replies) if entry["event"] == "outcome"],
            waiting=set(next(replies)),
            order={member.rpartition("\1")[2] for member in next(replies)},
            holds=dict(next(replies)),
            holders=next(replies),
            calls_of={user: int(count) for user, count in next(replies).items()},
            calls=next(replies),
            inbox=[raw for _ in INBOX_LISTS for raw in next(replies)],
            hands={worker: found for worker in workers if (found := next(replies))},
        )

    def state(self, job_id: str) -> str | None:
        return self.records[job_id]["state"] if job_id in self.records else None

    def outcomes(self, job_id: str) -> int:
        """How many it has had so far."""
        return [known for known, _ in self.stream].count(job_id)

    def fence(self, job_id: str) -> int:
        return int(self.records.get(job_id, {}).get("_fence", 0))

    def result_of(self, job_id: str) -> dict[str, Any]:
        """The record as its result must show it."""
        numbers, record = ("attempts", "http_status", "priority", "max_attempts"), self.records[job_id]
        public = {k: v for k, v in record.items() if k[0] != "_" and k not in COUNTED_LATER}
        asked = {k: v for k, v in json.loads(record.get("_job", "{}")).items() if k != "to"}
        found = {"id": job_id} | asked | {k: int(v) if k in numbers else v for k, v in public.items()}
        return found | ({"final": True} if "final" in found else {})
