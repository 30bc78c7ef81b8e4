"""Lets time pass, or jump back, for the ledger. Redis' clock cannot be set, so the stored times are changed."""

import json
from typing import Any

from redis import Redis

from tasks.store import keys

_RECORD = ("_due_ms", "_not_after_ms", "_slot_ms", "_since_ms")
_HASHES = {"pace": ("tat_ms", "window_ms", "seen_ms", "look_ms"), "breaker": ("sent_ms", "answered_ms", "probe_ms")}


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
