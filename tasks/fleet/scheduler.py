"""Sends nudges: when a job is due, a Celery message with its id is sent to the workers.

Every worker process runs a scheduler, and all have the same role. A nudge is only a hint: the job stays in its due
set until a worker claims it. So a lost nudge is repeated, and a repeated nudge has no effect after the claim.
"""

import base64
import json
from collections.abc import Callable
from typing import Any, Final

from redis import Redis

from tasks.fleet.capacity import Capacity
from tasks.fleet.pace import Pace
from tasks.fleet.probe import choose, ids_of, read_probes
from tasks.store import keys
from tasks.store.scripts import source

#: The Celery task that a nudge starts.
CALL_TASK: Final = "dialer.call"
#: The nudge of an unclaimed job is repeated after this time.
REPEAT_S: Final = 10.0
#: The queue has up to this many nudges for each call that the fleet can place at once. With fewer, workers would be
#: idle; with more, a new priority, cancellation or pause would take effect later.
DEPTH: Final = 3
#: The longest sleep: a wake-up is lost if the scheduler that took it dies.
LONGEST_SLEEP_S: Final = 1.0

_ID, _TAG = "«id»", "«tag»"


class Scheduler:
    """Nudges due jobs; `width()` returns how many calls the fleet can place at once."""

    def __init__(
        self, redis: Redis, *, pace: Pace, width: Callable[[], int], capacity: Capacity | None = None
    ) -> None:
        """Without `capacity`, users have no limit."""
        self._redis = redis
        self._pace = pace
        self._width = width
        self._capacity = capacity or Capacity()
        self._nudge = redis.register_script(source("nudge"))
        self._message = _message_parts(keys.calls)

    def nudge(self) -> tuple[int, float | None]:
        """Nudge due jobs; return how many, and the seconds until there may be more to do (None: until woken)."""
        nudged, next_ms, *probing = self._ask()
        if probing:
            # The circuit breaker is open: choosing a probe takes two more round trips.
            probed, *candidates = probing
            known = ids_of(probed)
            found = read_probes(self._redis, [*known, *candidates])
            nudged, next_ms, *_ = self._ask(choose(found[len(known) :], found[: len(known)]))
        return nudged, None if next_ms < 0 else next_ms / 1000

    def _ask(self, probe: str = "") -> Any:
        pace = self._pace
        return self._nudge(
            keys=[keys.calls, keys.pause, keys.pace, keys.breaker, *keys.capacity, *keys.due],
            args=[
                DEPTH * self._width(),
                int(REPEAT_S * 1000),
                int(pace.horizon_s * 1000),
                pace.interval_s * 1000,
                *self._message,
                probe,
                self._capacity.calls_per_user,
                *self._capacity.users,
            ],
        )

    def sleep(self, seconds: float | None) -> None:
        """Sleep until the time is over or something changes: a new job, a short queue, or the end of a pause."""
        longest = LONGEST_SLEEP_S if seconds is None else min(seconds, LONGEST_SLEEP_S)
        # The time-out is never 0, which means no time-out, and never so small that a server rounds it to 0.
        self._redis.blpop([keys.wake], timeout=max(longest, 0.002))


def nudge_message(*, queue: str, job_id: str, tag: str) -> str:
    """Return a nudge as a message of Celery's protocol 2, in JSON. Each message needs a different tag."""
    body = [[], {}, {"callbacks": None, "errbacks": None, "chain": None, "chord": None}]
    message = {
        "body": base64.b64encode(json.dumps(body).encode()).decode(),
        "content-encoding": "utf-8",
        "content-type": "application/json",
        "headers": {
            # The task id is not the job id: if a producer revokes its task, workers must not skip the nudges.
            "job_id": job_id,
            "id": tag,
            "task": CALL_TASK,
            "lang": "py",
            "ignore_result": True,
            "retries": 0,
            "timelimit": [None, None],
            "argsrepr": "()",
            "kwargsrepr": "{}",
        },
        "properties": {
            "delivery_tag": tag,
            "delivery_mode": 2,
            "delivery_info": {"exchange": "", "routing_key": queue},
            "priority": 0,
            "body_encoding": "base64",
        },
    }
    return json.dumps(message, ensure_ascii=False)


def _message_parts(queue: str) -> list[str]:
    """Return a nudge in four parts; the script inserts the job id and twice the tag between them."""
    text = nudge_message(queue=queue, job_id=_ID, tag=_TAG)
    parts = text.replace(f'"{_TAG}"', f'"{_ID}"').split(f'"{_ID}"')
    assert len(parts) == 4  # noqa: S101, PLR2004 - the id, and twice the tag
    return parts
