"""Heartbeats of workers, as they would be in Redis after a while."""

from redis import Redis

from tasks.store import keys


def beat(redis: Redis, worker: str, *, ago_s: float) -> None:
    seconds, microseconds = redis.time()
    redis.zadd(keys.workers, {worker: (seconds - ago_s) * 1000 + microseconds / 1000})
