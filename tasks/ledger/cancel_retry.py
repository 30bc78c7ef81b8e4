"""What a person can do about a job: cancel it while it waits, or retry it after its outcome."""

from dataclasses import dataclass
from typing import Any

from redis import Redis

from tasks.codes import Code, State
from tasks.ledger.outcome import outcome_fields, outcome_keys
from tasks.store import keys
from tasks.store.scripts import source


@dataclass(frozen=True, kw_only=True)
class JobChange:
    """Whether the change was made, and the state of the job now; None if the job does not exist."""

    done: bool
    state: State | None


class CancelRetry:
    """Cancels and retries jobs. Raises LedgerUnavailable when Redis does not answer."""

    def __init__(self, redis: Redis, *, retention_s: float) -> None:
        self._redis = redis
        self._retention_ms = int(retention_s * 1000)
        self._withdraw = redis.register_script(source("withdraw"))
        self._retry = redis.register_script(source("retry"))

    def cancel(self, job_id: str) -> JobChange:
        """Cancel a waiting job. A job whose request may have been sent, or that has an outcome, is not changed."""
        seen, batch, priority, _ = self._look(job_id)
        if seen is None:
            # The job may be accepted at this moment, in a batch and a due set that are not known here.
            return JobChange(done=False, state=None)
        verdict, state = self._withdraw(
            keys=[*outcome_keys(job_id, batch, State.CANCELLED), keys.due_at(priority)],
            args=[job_id, self._retention_ms, State.CANCELLED, *outcome_fields(Code.CANCELLED)],
        )
        return JobChange(done=verdict == "done", state=State(state) if state else None)

    def retry(self, job_id: str, *, not_placed: bool = False) -> JobChange:
        """Dial a job again that has an outcome other than `placed`, with a fresh attempt count.

        An `unconfirmed` job is retried only with `not_placed`: a person confirms that its call was not placed. A
        message that was not a valid job, and a job whose `not_after` has passed, are not changed.
        """
        seen, batch, priority, fence = self._look(job_id)
        if seen is None:
            return JobChange(done=False, state=None)
        verdict, state = self._retry(
            keys=[
                *(keys.job(job_id), keys.due_at(priority), keys.wake, keys.index(seen)),
                *(keys.batch(batch or "", seen), keys.batch(batch or "", "open")),
                *(keys.result(job_id), keys.expiring),
            ],
            args=[job_id, seen, fence, "1" if not_placed else ""],
        )
        return JobChange(done=verdict == "done", state=State(state) if state else None)

    def _look(self, job_id: str) -> tuple[str | None, str | None, int, str]:
        record: Any = self._redis.hmget(keys.job(job_id), ["state", "batch", "priority", "_fence"])
        state, batch, priority, fence = record
        return state, batch, int(priority or 0), fence or ""
