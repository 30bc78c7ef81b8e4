"""Lets time pass, or jump back, for the ledger. Redis' clock cannot be set, so the stored times are changed."""

import json
from datetime import datetime, timedelta
from typing import Any

from redis import Redis

from tasks.store import keys

_RECORD = ("_due_ms", "_not_after_ms", "_slot_ms", "_since_ms")
_HASHES = {"pace": ("tat_ms", "window_ms", "seen_ms", "look_ms"), "breaker": ("sent_ms", "answered_ms", "probe_ms")}


def advance_requests(redis: Redis, job_ids: list[str], seconds: float) -> None:
    """Make the times older by which calls are searched for; Celery's result, which repeats them, stays as it is."""
    pipe: Any = redis.pipeline(transaction=False)
    for job_id in job_ids:
        pipe.hmget(keys.job(job_id), "sent_at", "evidence")
    for job_id, (sent_at, evidence) in zip(job_ids, pipe.execute(), strict=True):
        if sent_at:
            pipe.hset(keys.job(job_id), "sent_at", _earlier(sent_at, seconds))
        if evidence:
            looks = [look | {"at": _earlier(look["at"], seconds)} for look in json.loads(evidence)]
            pipe.hset(keys.job(job_id), "evidence", json.dumps(looks))
    pipe.execute()


def _earlier(text: str, seconds: float) -> str:
    instant = datetime.fromisoformat(text) - timedelta(seconds=seconds)
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def advance(redis: Redis, job_ids: list[str], seconds: float) -> None:
    """Make every stored time `seconds` older; a negative number makes it younger."""
    ms = seconds * 1000
    zsets = [*keys.due, keys.leases, keys.expiring, keys.workers, keys.followed]
    zsets += [keys.holds, keys.users, keys.in_doubt, keys.waiting]
    hashes = {keys.job(job_id): _RECORD for job_id in job_ids} | {f"dialer:{k}": v for k, v in _HASHES.items()}
    pipe = redis.pipeline(transaction=False)
    for key in zsets:
        pipe.zrange(key, 0, -1, withscores=True)
    for key, fields in hashes.items():
        pipe.hmget(key, list(fields))
    pipe.hgetall(keys.pause)
    pipe.hgetall(keys.followed_jobs)
    pipe.hgetall(keys.users_aside)
    replies: Any = iter(pipe.execute())
    for key in zsets:
        if entries := next(replies):
            pipe.zadd(key, {name: score - ms for name, score in entries})
    for key, fields in hashes.items():
        values = zip(fields, next(replies), strict=True)
        if moved := {field: repr(float(value) - ms) for field, value in values if value is not None}:
            pipe.hset(key, mapping=moved)  # type: ignore[arg-type]
    for reason, text in next(replies).items():
        entry = json.loads(text)
        moved = {name: entry[name] - ms for name in ("since_ms", "until_ms") if entry[name] is not None}
        pipe.hset(keys.pause, reason, json.dumps(entry | moved, separators=(",", ":")))
    for conversation, text in next(replies).items():
        job_id, batch, since_ms = json.loads(text)
        pipe.hset(keys.followed_jobs, conversation, json.dumps([job_id, batch, since_ms - ms]))
    for user, text in next(replies).items():
        misses, until = text.split(":")
        pipe.hset(keys.users_aside, user, text if until == "-1" else f"{misses}:{float(until) - ms:.3f}")
    pipe.execute()
