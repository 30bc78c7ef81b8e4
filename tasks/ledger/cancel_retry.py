"""What a person can do about jobs: cancel them while they wait, or retry them after their outcomes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from redis import Redis

from tasks.codes import Code, State
from tasks.ledger.evidence import is_enough, looks_of
from tasks.ledger.outcome import outcome_fields, outcome_keys
from tasks.store import keys
from tasks.store.scripts import source


class JobSeen(NamedTuple):
    """What a job was when a person decided about it; `state` is None if there was no such job."""

    id: str
    state: State | None
    code: str | None
    batch: str | None
    priority: int
    fence: str
    #: What searches have shown of its call (`tasks.ledger.evidence`), as JSON, or "".
    evidence: str = ""


@dataclass(frozen=True, kw_only=True)
class JobChange:
    """Whether the change was made, and the state of the job now; None if the job does not exist."""

    done: bool
    state: State | None


class CancelRetry:
    """Cancels and retries jobs, any number in one pipeline. Raises LedgerUnavailable when Redis does not answer.

    First `look`, then decide, then change what was seen: a job that has had another attempt since is not retried.
    """

    def __init__(self, redis: Redis, *, retention_s: float) -> None:
        self._redis = redis
        self._retention_ms = int(retention_s * 1000)
        self._withdraw = redis.register_script(source("withdraw"))
        self._retry = redis.register_script(source("retry"))

    def look(self, job_ids: Sequence[str]) -> list[JobSeen]:
        """Return what a change needs to know of each job."""
        pipe: Any = self._redis.pipeline(transaction=False)
        for job_id in job_ids:
            pipe.hmget(keys.job(job_id), ["state", "code", "batch", "priority", "_fence", "evidence"])
        return [
            JobSeen(
                job_id, State(state) if state else None, code, batch, int(priority or 0), fence or "", evidence or ""
            )
            for job_id, (state, code, batch, priority, fence, evidence) in zip(job_ids, pipe.execute(), strict=True)
        ]

    def cancel(self, jobs: Sequence[JobSeen]) -> list[JobChange]:
        """Cancel waiting jobs. A job whose request may have been sent, or that has an outcome, is not changed."""
        pipe: Any = self._redis.pipeline(transaction=False)
        fields = outcome_fields(Code.CANCELLED)
        # A job that was not there may be accepted at this moment, in a batch and a due set that are not known here.
        for job in (job for job in jobs if job.state):
            self._withdraw(
                keys=[*outcome_keys(job.id, job.batch, State.CANCELLED), keys.due_at(job.priority)],
                args=[job.id, self._retention_ms, State.CANCELLED, *fields],
                client=pipe,
            )
        return _changes(jobs, pipe)

    def retry(
        self, jobs: Sequence[JobSeen], *, not_placed: bool = False, with_evidence: bool = False
    ) -> list[JobChange]:
        """Dial jobs again that have an outcome other than `placed`, with a fresh attempt count.

        An `unconfirmed` job is retried only with `not_placed`: a person confirms that the call that was seen was not
        placed; or with `with_evidence`, if the evidence that was seen is enough and still the same. A message that
        was not a valid job, and a job whose `not_after` has passed, are not changed.
        """
        pipe: Any = self._redis.pipeline(transaction=False)
        for job in jobs:
            if job.state:
                self._retry(
                    keys=[
                        *(keys.job(job.id), keys.due_at(job.priority), keys.wake, keys.index(job.state)),
                        *(keys.batch(job.batch or "", job.state), keys.batch(job.batch or "", "open")),
                        *(keys.result(job.id), keys.expiring, keys.history(job.id), keys.in_doubt),
                        *(keys.batch_counts(job.batch or ""), keys.batches),
                    ],
                    args=[
                        *(job.id, job.state, job.fence, "1" if not_placed else ""),
                        job.evidence if with_evidence and is_enough(looks_of(job.evidence)) else "",
                    ],
                    client=pipe,
                )
        return _changes(jobs, pipe)


def _changes(jobs: Sequence[JobSeen], pipe: Any) -> list[JobChange]:
    """Run the scripts, of which each job that was there has one, and return the result for every job."""
    replies = iter(pipe.execute())
    pairs = (next(replies) if job.state else ("unknown", "") for job in jobs)
    return [JobChange(done=verdict == "done", state=State(state) if state else None) for verdict, state in pairs]
