"""What many tests stand on: a ledger over any Redis, and looks at what it keeps."""

from dataclasses import dataclass
from typing import Any, Self

from redis import Redis

from tasks.fleet.pace import Pace
from tasks.job import Job
from tasks.ledger.cancel_retry import CancelRetry
from tasks.ledger.ledger import Claim, Ledger
from tasks.ledger.reaper import Reaper
from tasks.ledger.records import Record, Records
from tasks.store import keys

UNPACED = Pace(interval_s=0.000001)
CALL_DEADLINE_S = 13.0


@dataclass(frozen=True, kw_only=True)
class Ground:
    redis: Redis
    ledger: Ledger
    records: Records
    reaper: Reaper
    cancel_retry: CancelRetry

    @classmethod
    def over(cls, redis: Redis, *, pace: Pace = UNPACED) -> Self:
        ledger = Ledger(redis, pace=pace, retention_s=3600, call_deadline_s=CALL_DEADLINE_S)
        return cls(
            redis=redis,
            ledger=ledger,
            records=Records(redis),
            reaper=Reaper(redis, retention_s=3600),
            cancel_retry=CancelRetry(redis, retention_s=3600),
        )

    def claim(self, job: Job, worker: str = "w1") -> Claim:
        """Accept the job if need be, and claim it."""
        self.ledger.accept([job])
        claim = self.ledger.claim(job.id, worker=worker)
        assert isinstance(claim, Claim), claim
        return claim

    def sending(self, job: Job) -> Claim:
        claim = self.claim(job)
        gate = self.ledger.send(claim, to="+12125551234", caller_id="+12125559876")
        assert gate.verdict == "go", gate
        return claim

    def record(self, job_id: str) -> Record:
        record = self.records.show(job_id)
        assert record is not None, f"nobody knows {job_id}"
        return record

    def state(self, job_id: str) -> Any:
        return self.record(job_id)["state"]

    def due(self) -> list[str]:
        """Ids of the waiting jobs, in the order in which they will be nudged."""
        ids: list[str] = []
        for key in keys.due:
            found: Any = self.redis.zrange(key, 0, -1)
            ids += found
        return ids

    def end_lease(self, job_id: str) -> None:
        """As if the holder's time had run out."""
        self.redis.zadd(keys.leases, {job_id: 1})


def job(job_id: str = "order-42", **fields: Any) -> Job:
    return Job(**{"id": job_id, "to": "+1 212-555-1234"} | fields)
