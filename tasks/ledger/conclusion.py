"""What follows a call that has ended: the job is final, or has another call (`lua/conclude.lua`)."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from redis import Redis

from tasks.codes import WORDS, Code, State
from tasks.job import Job, parse_job
from tasks.ledger.outcome import outcome_keys
from tasks.results import CallResult
from tasks.store import keys
from tasks.store.client import now_ms
from tasks.store.scripts import source


@dataclass(frozen=True, kw_only=True)
class EndedCall:
    """A call that ended, of a job that may have another one."""

    job: Job
    result: CallResult
    #: The results of the earlier calls of the job.
    earlier: list[str]
    #: How many requests were sent, since the last call that was answered by the network.
    attempts: int
    #: Redis' clock, in epoch seconds.
    now: float


@dataclass(frozen=True, kw_only=True)
class CallAgain:
    """When a job is called again, and why. `is_fresh`: with a new attempt count."""

    delay_s: float
    code: Code
    is_fresh: bool


#: Decides whether a job has another call; None: the call was its last one.
NextCallRule = Callable[[EndedCall], CallAgain | None]


class Question(NamedTuple):
    """What `progress.lua` says of a call whose job may have another one; `content` and `calls` are JSON."""

    job_id: str
    batch: str
    conversation_id: str
    fence: str
    attempts: str
    content: str
    calls: str
    result: str


class Conclusion:
    """Concludes calls. Raises LedgerUnavailable; what is not concluded now is asked again with the next look."""

    def __init__(self, redis: Redis, *, retention_s: float, next_call: NextCallRule) -> None:
        self._redis = redis
        self._retention_ms = int(retention_s * 1000)
        self._next_call = next_call
        self._script = redis.register_script(source("conclude"))

    def conclude(self, questions: Sequence[Question]) -> None:
        """Decide for each of these jobs, and store the decisions."""
        if not questions:
            return
        now, pipe = now_ms(self._redis) / 1000, self._redis.pipeline(transaction=False)
        for each in questions:
            job = parse_job(each.job_id, json.loads(each.content))
            again = self._next_call(
                EndedCall(
                    job=job,
                    result=CallResult(each.result),
                    earlier=[call["result"] for call in json.loads(each.calls or "[]")],
                    attempts=int(each.attempts or 1),
                    now=now,
                )
            )
            self._queue(each, job, again, pipe)
        pipe.execute()

    def _queue(self, each: Question, job: Job, again: CallAgain | None, pipe: Any) -> None:
        wait = (int(again.delay_s * 1000), again.code, WORDS[again.code].meaning) if again else ("", "", "")
        self._script(
            keys=[
                *outcome_keys(each.job_id, each.batch, State.PLACED),
                *(keys.due_at(job.priority), keys.followed, keys.followed_jobs),
            ],
            args=[
                *(each.job_id, each.conversation_id, each.fence, self._retention_ms),
                *wait,
                "1" if again and again.is_fresh else "",
            ],
            client=pipe,
        )
