"""Whether the worker of this host is alive: it says so in Redis every few seconds, so no port need be open for it."""

import socket
from typing import Final

from redis import Redis

from tasks.store import keys

#: Several beats (`tasks.fleet.heartbeat.BEAT_S`), so that one slow answer from Redis makes nobody sick.
HEALTHY_WITHIN_S: Final = 15.0


def silence_s(redis: Redis, *, host: str) -> float | None:
    """Give the seconds since a worker on `host` was last seen, on Redis' own clock; None if it knows of none.

    `redis` decodes its answers. Raises LedgerUnavailable.
    """
    pipeline = redis.pipeline(transaction=True)
    pipeline.time()
    pipeline.zrange(keys.workers, 0, -1, withscores=True)
    (seconds, microseconds), workers = pipeline.execute()
    now_ms = seconds * 1000 + microseconds / 1000
    # A worker's name is host:pid:random (`worker.wiring.worker_name`).
    seen = [at_ms for name, at_ms in workers if name.rsplit(":", 2)[0] == host]
    return (now_ms - max(seen)) / 1000 if seen else None


def this_host() -> str:
    """Give the name under which a worker of this host, or of this container, makes itself known."""
    return socket.gethostname()
