"""Checks whether the worker of this host is alive, by its heartbeat in Redis; the worker needs no open port."""

import socket
from typing import Final

from redis import Redis

from tasks.store import keys

#: Several heartbeats (`tasks.fleet.heartbeat.BEAT_S`), so that one slow answer from Redis does not count.
HEALTHY_WITHIN_S: Final = 15.0


def heartbeat_age_s(redis: Redis, *, host: str) -> float | None:
    """Return the seconds since the latest heartbeat of a worker on `host`, by Redis' clock; None if there is none.

    `redis` must decode responses. Raises LedgerUnavailable.
    """
    pipeline = redis.pipeline(transaction=True)
    pipeline.time()
    pipeline.zrange(keys.workers, 0, -1, withscores=True)
    (seconds, microseconds), workers = pipeline.execute()
    now_ms = seconds * 1000 + microseconds / 1000
    # A worker's name is host:pid:random (`worker.wiring.worker_name`).
    beats = [at_ms for name, at_ms in workers if name.rsplit(":", 2)[0] == host]
    return (now_ms - max(beats)) / 1000 if beats else None


def host_name() -> str:
    """Return the name of this host, or of this container, with which the names of its workers begin."""
    return socket.gethostname()
