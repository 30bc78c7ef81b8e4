"""Ends expired leases of dead workers, and jobs whose `not_after` has passed."""

from typing import Any, Final

from redis import Redis

from tasks.codes import Code, State
from tasks.ledger.outcome import outcome_fields, outcome_keys
from tasks.store import keys
from tasks.store.client import now_ms
from tasks.store.scripts import source

#: A job that several workers died with is delayed by this for each death after the first.
_DEATH_DELAY_S: Final = 30.0


class Reaper:
    """Every worker runs it every few seconds. The scripts use Redis' clock, so any number of workers may run it.

    Raises LedgerUnavailable when Redis does not answer.
    """

    def __init__(self, redis: Redis, *, retention_s: float) -> None:
        self._redis = redis
        self._retention_ms = int(retention_s * 1000)
        self._reap = redis.register_script(source("reap"))
        self._withdraw = redis.register_script(source("withdraw"))

    def reap(self, *, limit: int = 100) -> dict[str, State]:
        """End expired leases; return job id -> `queued` or `unconfirmed`."""
        found: dict[str, State] = {}
        for job_id, batch, priority in self._overdue(keys.leases, limit):
            (verdict,) = self._reap(
                keys=[*outcome_keys(job_id, batch, State.UNCONFIRMED), keys.due_at(priority)],
                args=[job_id, self._retention_ms, int(_DEATH_DELAY_S * 1000), *outcome_fields(Code.WORKER_LOST)],
            )
            if verdict != "alive":
                found[job_id] = State(verdict)
        return found

    def expire(self, *, limit: int = 100) -> list[str]:
        """End waiting jobs whose `not_after` has passed, even if the fleet is paused; return their ids."""
        expired = []
        for job_id, batch, priority in self._overdue(keys.expiring, limit):
            verdict, _ = self._withdraw(
                keys=[
                    *outcome_keys(job_id, batch, State.EXPIRED),
                    keys.due_at(priority),
                ],
                args=[job_id, self._retention_ms, State.EXPIRED, *outcome_fields(Code.NOT_AFTER_PASSED)],
            )
            if verdict == "done":
                expired.append(job_id)
        return expired

    def _overdue(self, key: str, limit: int) -> list[tuple[str, str | None, int]]:
        """Return (id, batch, priority) of the jobs whose time in the zset `key` has passed."""
        now = now_ms(self._redis)
        ids: Any = self._redis.zrangebyscore(key, "-inf", now, start=0, num=limit)
        pipe = self._redis.pipeline(transaction=False)
        for job_id in ids:
            pipe.hmget(keys.job(job_id), ["batch", "priority"])
        return [
            (job_id, batch, int(priority or 0)) for job_id, (batch, priority) in zip(ids, pipe.execute(), strict=True)
        ]
