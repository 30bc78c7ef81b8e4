"""What a person may still do about a job: cancel it while it waits, or have it dialed again."""

from dataclasses import dataclass
from typing import Any

from redis import Redis

from tasks.codes import Code, State
from tasks.ledger.outcome import outcome_fields, outcome_keys
from tasks.store import keys
from tasks.store.scripts import source


@dataclass(frozen=True, kw_only=True)
class JobChange:
    """Whether it was done, and the job's state now (None: nobody knows the job)."""

    done: bool
    state: State | None


class CancelRetry:
    """Raises LedgerUnavailable when Redis does not answer."""

    def __init__(self, redis: Redis, *, retention_s: float) -> None:
        self._redis = redis
        self._retention_ms = int(retention_s * 1000)
        self._withdraw = redis.register_script(source("withdraw"))
        self._retry = redis.register_script(source("retry"))

    def cancel(self, job_id: str) -> JobChange:
        """End a job that waits; not done when the call may be out already, or when it has an outcome."""
        seen, batch, priority, _ = self._look(job_id)
        if seen is None:
            # It may enter the ledger just now, in a batch and a due set that this look cannot name.
            return JobChange(done=False, state=None)
        verdict, state = self._withdraw(
            keys=[*outcome_keys(job_id, batch, State.CANCELLED), keys.due_at(priority)],
            args=[job_id, self._retention_ms, State.CANCELLED, *outcome_fields(Code.CANCELLED)],
        )
        return JobChange(done=verdict == "done", state=State(state) if state else None)

    def retry(self, job_id: str, *, not_placed: bool = False) -> JobChange:
        """Dial a job again that has an outcome other than `placed`, with all its attempts.

        `not_placed`: a person's word that the call of an `unconfirmed` job was certainly not placed. Not done
        also for a message that was no job, and when `not_after` has passed.
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
