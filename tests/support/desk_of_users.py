"""A fleet of some users on a ledger: whose call a job becomes, and when a user is free again."""

from typing import Any

from redis import Redis

from tasks.codes import Code, State
from tasks.fleet.capacity import Capacity
from tasks.fleet.scheduler import Scheduler
from tasks.ledger.claim import Claim, GateVerdict
from tasks.ledger.progress import Progress
from tasks.ledger.settlement import Release, Settlement
from tasks.results import CallResult, CallState
from tasks.store import keys
from tests.support.ground import UNPACED, Ground, job


class Desk:
    """A fleet of some users on a ledger."""

    def __init__(self, redis: Redis, capacity: Capacity) -> None:
        self.ground = Ground.over(redis, capacity=capacity)
        self.users = capacity.users
        self.scheduler = Scheduler(redis, pace=UNPACED, width=lambda: 100, capacity=capacity)

    def claim(self, job_id: str, **fields: Any) -> Claim:
        return self.ground.claim(job(job_id, **fields))

    def send(self, claim: Claim) -> str | None:
        """Return the user of the call; None if the job waits for one."""
        users = [claim.job.user_id] if claim.job.user_id else self.users
        gate = self.ground.ledger.send(claim, to="+12125551234", caller_id="+12125559876", users=users)
        if gate.verdict is GateVerdict.GO:
            return gate.user
        assert gate.verdict is GateVerdict.USER_BUSY
        waits = Release(code=Code.USER_BUSY, waits_for_user=True)
        self.ground.ledger.settle(claim, Settlement(action=waits))
        return None

    def dial(self, job_id: str, **fields: Any) -> str | None:
        """Claim and send the job, and let its call be placed; return its user."""
        claim = self.claim(job_id, **fields)
        if (user := self.send(claim)) is not None:
            self.ground.end(claim, State.PLACED, Code.PLACED, conversation_id=f"conversation of {job_id}")
        return user

    def nudged(self) -> list[str]:
        """Run the scheduler, and return the jobs that are due now and not yet claimed."""
        self.scheduler.nudge()
        return self.ground.due()

    def end(self, job_id: str, result: CallResult = CallResult.ANSWERED) -> None:
        """A look finds that the call of the job has ended."""
        self.ground.advance(60)
        (call,) = [each for each in self.ground.following.take(most=50).calls if each.job_id == job_id]
        self.ground.following.record([(call, Progress(state=CallState.ENDED, result=result, detail="sip:486"))])

    def calls(self) -> dict[str, int]:
        found: Any = self.ground.redis.hgetall(keys.users_calls)
        return {user: int(count) for user, count in found.items()}
