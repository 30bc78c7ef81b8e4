"""The ledger for tests, on a real or a fake Redis, and functions to look into it."""

from dataclasses import dataclass
from typing import Any, Self

from redis import Redis

from tasks.codes import Code, State
from tasks.errors import DialError, RateReading
from tasks.fleet.capacity import Capacity
from tasks.fleet.pace import Pace
from tasks.job import Job
from tasks.ledger.cancel_retry import CancelRetry, JobChange, JobSeen
from tasks.ledger.claim import Claim, Gate, GateVerdict
from tasks.ledger.doubt import Doubt
from tasks.ledger.following import Following
from tasks.ledger.ledger import Ledger
from tasks.ledger.progress import Progress
from tasks.ledger.reaper import Reaper
from tasks.ledger.records import Record, Records
from tasks.ledger.settlement import End, Release, Settlement, SettleResult
from tasks.resolution import Answered, RetryPolicy, decide
from tasks.results import CallResult, CallState
from tasks.store import keys
from tests.support.clock import advance, advance_requests

UNPACED = Pace(interval_s=0.000001)
CALL_DEADLINE_S = 13.0
#: Longer than any lease with this deadline.
AFTER_ANY_LEASE_S = 20.0
RETRY_POLICY = RetryPolicy(max_attempts=3, retry_for_s=3600, redial=False)


@dataclass(frozen=True, kw_only=True)
class Ground:
    redis: Redis
    ledger: Ledger
    records: Records
    reaper: Reaper
    cancel_retry: CancelRetry
    following: Following
    doubt: Doubt

    @classmethod
    def over(cls, redis: Redis, *, pace: Pace = UNPACED, capacity: Capacity | None = None) -> Self:
        ledger = Ledger(
            redis, pace=pace, retention_s=3600, call_deadline_s=CALL_DEADLINE_S, follow=True, capacity=capacity
        )
        return cls(
            redis=redis,
            ledger=ledger,
            records=Records(redis),
            reaper=Reaper(redis, retention_s=3600),
            cancel_retry=CancelRetry(redis, retention_s=3600),
            following=Following(redis, pace=pace, retention_s=3600, give_up_s=7200),
            doubt=Doubt(redis, pace=pace, retention_s=3600, capacity=capacity),
        )

    def claim(self, job: Job, worker: str = "w1") -> Claim:
        """Accept the job if need be, and claim it."""
        self.ledger.accept([job])
        claim = self.ledger.claim(job.id, worker=worker)
        assert isinstance(claim, Claim), claim
        return claim

    def sending(self, job: Job) -> Claim:
        claim = self.claim(job)
        # Each job has a user of its own, unless it names one: a missed call sets its user aside.
        users = [job.user_id or f"user of {job.id}"]
        gate = self.ledger.send(claim, to="+12125551234", caller_id="+12125559876", users=users)
        assert gate.verdict is GateVerdict.GO, gate
        return claim

    def end(
        self,
        claim: Claim,
        state: State,
        code: Code,
        message: str | None = None,
        *,
        reading: RateReading | None = None,
        ticket: int = 0,
        **known: Any,
    ) -> bool:
        """Settle the attempt with an outcome; False if the claim was lost."""
        outcome = End(state=state, code=code, message=message, **known)
        return self.settles(claim, Settlement(action=outcome, reading=reading, ticket=ticket))

    def requeue(self, claim: Claim, **how: Any) -> bool:
        """Settle the attempt with a release; False if the claim was lost."""
        return self.settles(claim, Settlement(action=Release(**how)))

    def answer(self, claim: Claim, error: DialError) -> None:
        """Settle the attempt like a worker that got this error for its first request."""
        gate = Gate(verdict=GateVerdict.GO, attempts=1)
        settlement = decide(Answered(gate=gate, result=error), claim, RETRY_POLICY, jitter=0.5)
        self.ledger.settle(claim, settlement)

    def settles(self, claim: Claim, settlement: Settlement) -> bool:
        return self.ledger.settle(claim, settlement).result is not SettleResult.LOST

    def cancel(self, job_id: str) -> JobChange:
        (change,) = self.cancel_retry.cancel(self.look(job_id))
        return change

    def retry(self, job_id: str, *, not_placed: bool = False) -> JobChange:
        (change,) = self.cancel_retry.retry(self.look(job_id), not_placed=not_placed)
        return change

    def look(self, job_id: str) -> list[JobSeen]:
        """What a person sees of a job before deciding about it."""
        return self.cancel_retry.look([job_id])

    def record(self, job_id: str) -> Record:
        record = self.records.show(job_id)
        assert record is not None, f"{job_id} has no record"
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

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        prefix = keys.job("")
        ids = [key.removeprefix(prefix) for key in self.redis.scan_iter(f"{prefix}*")]
        advance(self.redis, ids, seconds)
        advance_requests(self.redis, ids, seconds)

    def end_leases(self) -> None:
        """Let time pass until all leases have expired."""
        self.advance(AFTER_ANY_LEASE_S)


def job(job_id: str = "order-42", **fields: Any) -> Job:
    return Job(**{"id": job_id, "to": "+1 212-555-1234"} | fields)


def jobs(count: int, name: str = "job", *, first: int = 1000, **fields: Any) -> list[Job]:
    """Jobs `name-0`, `name-1`, …, each with a number of its own from +1212555`first` on."""
    return [job(f"{name}-{n}", to=f"+1212555{first + n}", **fields) for n in range(count)]


def end_call(ground: Ground, job_id: str, result: CallResult, **fields: Any) -> None:
    """Place the call of a job, and let it end with this result."""
    claim = ground.sending(job(job_id, **fields))
    assert ground.end(claim, State.PLACED, Code.PLACED, conversation_id=f"conversation of {job_id}")
    ground.advance(60)
    (call,) = ground.following.take(most=50).calls
    ground.following.record([(call, Progress(state=CallState.ENDED, result=result, detail="sip:486"))])
