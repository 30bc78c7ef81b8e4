"""Waits for the outcome of a job, and says what the job waits for."""

import time
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import click
from redis import Redis

from config.escaping import escape_unprintable
from tasks.codes import OUTCOMES, State
from tasks.fleet.heartbeat import DEAD_AFTER_S
from tasks.fleet.pause import Pause
from tasks.ledger.records import Record, Records
from tasks.store import keys
from tasks.store.client import now_ms
from worker.cli.errors import CommandError

_FIRST_POLL_S: Final = 0.1
_LONGEST_POLL_S: Final = 0.5


class Obstacle(NamedTuple):
    """Why a job is not sent now: a name that stays the same while it lasts, and a sentence."""

    name: str
    sentence: str


def wait_for_outcome(redis: Redis, job_id: str, timeout_s: float | None) -> Record:
    """Poll until the job has an outcome, with increasing intervals; print each new obstacle on stderr.

    Raises CommandError, which names the state, after `timeout_s`.
    """
    records = Records(redis)
    deadline = None if timeout_s is None else time.monotonic() + timeout_s
    poll_s = _FIRST_POLL_S
    printed = None
    while True:
        record = records.show(job_id)
        if record is None:
            raise CommandError(f"the record of '{job_id}' is no longer in Redis.")
        if record["state"] in OUTCOMES:
            return record
        found = obstacle(redis, record)
        if found and found.name != printed:
            click.echo(f"waiting: {found.sentence}", err=True)
            printed = found.name
        if deadline is not None and time.monotonic() >= deadline:
            why = f" ({found.sentence})" if found else ""
            raise CommandError(
                f"'{job_id}' is still {record['state']} after {timeout_s:g} s{why}; the job continues."
            )
        time.sleep(poll_s)
        poll_s = min(poll_s * 1.2, _LONGEST_POLL_S)


def obstacle(redis: Redis, record: Record) -> Obstacle | None:
    """Return what keeps a job from being sent now; None if it is only a question of time or of its turn."""
    if record["state"] not in {State.SCHEDULED, State.QUEUED}:
        return None
    now = now_ms(redis)
    due = datetime.fromisoformat(record["due_at"])
    if due.timestamp() * 1000 > now:
        what = f"retry after {record['code']} scheduled" if record.get("code") else "scheduled"
        return Obstacle(f"due {due}", f"{what} for {due.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC")
    if not redis.zcount(keys.workers, now - DEAD_AFTER_S * 1000, "+inf"):
        return Obstacle("no worker", "no worker is running; start one with 'dialer worker'")
    for entry in Pause(redis).entries():
        return Obstacle(entry.reason, f"the fleet is paused ({entry.reason}): {escape_unprintable(entry.message)}")
    reason: Any = redis.hget(keys.breaker, "open")
    return Obstacle("probing", f"the fleet is probing ({reason}): one job at a time") if reason else None
