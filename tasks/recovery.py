"""What nobody holds any more is put right: leases of dead workers, and jobs whose time has passed."""

from typing import Any, Final

from redis import Redis

from tasks.codes import Code, State
from tasks.keys import Keys
from tasks.lua import source
from tasks.outcome import outcome_fields, outcome_keys

#: A job that several workers died with is put off by this for each death but the first.
_SUSPECT_S: Final = 30.0


class Recovery:
    """Run by every worker, every few seconds; the scripts judge by Redis' clock, so that any number may.

    Raises redis.RedisError when Redis does not answer.
    """

    def __init__(self, redis: Redis, *, keys: Keys, retention_s: float) -> None:
        self._redis = redis
        self._keys = keys
        self._retention_ms = int(retention_s * 1000)
        self._reap = redis.register_script(source("reap"))
        self._withdraw = redis.register_script(source("withdraw"))

    def reap(self, *, limit: int = 100) -> dict[str, str]:
        """Put right what dead workers left: job id -> `queued` or `unconfirmed`."""
        found = {}
        for job_id, batch, priority in self._overdue(self._keys.leases, limit):
            keys = outcome_keys(self._keys, job_id, batch, State.UNCONFIRMED)
            (verdict,) = self._reap(
                keys=[*keys, self._keys.due_at(priority), self._keys.wake],
                args=[job_id, self._retention_ms, int(_SUSPECT_S * 1000), *outcome_fields(Code.WORKER_LOST)],
            )
            if verdict != "alive":
                found[job_id] = verdict
        return found

    def expire(self, *, limit: int = 100) -> list[str]:
        """End waiting jobs whose `not_after` has passed, be the fleet paused or not; their ids."""
        expired = []
        for job_id, batch, priority in self._overdue(self._keys.expiring, limit):
            verdict, _ = self._withdraw(
                keys=[
                    *outcome_keys(self._keys, job_id, batch, State.EXPIRED),
                    self._keys.due_at(priority),
                ],
                args=[job_id, self._retention_ms, State.EXPIRED, *outcome_fields(Code.NOT_AFTER_PASSED)],
            )
            if verdict == "done":
                expired.append(job_id)
        return expired

    def _overdue(self, key: str, limit: int) -> list[tuple[str, str | None, int]]:
        """(id, batch, priority) of those whose time in the zset `key` has passed."""
        seconds, micros = self._redis.time()
        now_ms = seconds * 1000 + micros / 1000
        ids: Any = self._redis.zrangebyscore(key, "-inf", now_ms, start=0, num=limit)
        pipe = self._redis.pipeline(transaction=False)
        for job_id in ids:
            pipe.hmget(self._keys.job(job_id), ["batch", "priority"])
        return [
            (job_id, batch, int(priority or 0)) for job_id, (batch, priority) in zip(ids, pipe.execute(), strict=True)
        ]
