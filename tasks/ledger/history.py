"""Reads a job's way: each change with its time, its reason and the worker (`lua/parts/history.lua`)."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from redis import Redis

from tasks.store import keys


@dataclass(frozen=True, kw_only=True)
class HistoryEntry:
    """One change of a job. A text is empty if it is not told."""

    #: ISO 8601, by Redis' clock.
    at: str
    #: What the job, or its call, became.
    state: str
    #: The code, the result of the call, or what happened.
    reason: str
    worker: str


def history(redis: Redis, job_id: str) -> list[HistoryEntry]:
    """Return the changes of a job that are kept, oldest first. Raises LedgerUnavailable."""
    entries: Any = redis.lrange(keys.history(job_id), 0, -1)
    return [_read(json.loads(entry)) for entry in entries]


def _read(entry: list[Any]) -> HistoryEntry:
    ms, state, reason, worker = [*entry, "", "", ""][:4]
    at = datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return HistoryEntry(at=at, state=state, reason=reason, worker=worker)
