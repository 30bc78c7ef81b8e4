"""Nudges: when a job is due, a Celery message with its id goes to the workers.

Every worker process runs a scheduler and none is special. A nudge is only a hint: the job stays in its due set until
a worker claims it, so a lost message is repeated, and a repeated one is absorbed by the claim.
"""

import base64
import json
from collections.abc import Callable
from typing import Any, Final

from redis import Redis

from tasks.fleet.pace import Pace
from tasks.fleet.probe import choose, ids_of, read_probes
from tasks.store import keys
from tasks.store.scripts import source

#: The task that a nudge names.
CALL_TASK: Final = "dialer.call"
#: An unclaimed nudge is repeated after this.
REPEAT_S: Final = 10.0
#: The queue is kept this many times as deep as the fleet is wide, so that no worker idles, and no more, so that
#: priority, cancel and pause act at once on what waits behind it.
DEPTH: Final = 3
#: The longest sleep: bounds the damage of a wake-up that was lost with the scheduler that took it.
LONGEST_SLEEP_S: Final = 1.0

_ID, _TAG = "«id»", "«tag»"


class Scheduler:
    """Moves due jobs to the queue of calls; `width()` is how many calls the fleet can place at once."""

    def __init__(self, redis: Redis, *, pace: Pace, width: Callable[[], int]) -> None:
        self._redis = redis
        self._pace = pace
        self._width = width
        self._nudge = redis.register_script(source("nudge"))
        self._message = _message_parts(keys.calls)

    def nudge(self) -> tuple[int, float | None]:
        """Nudge what is due: how many, and seconds until there may be more to do (None: until woken)."""
        nudged, next_ms, *probing = self._ask()
        if probing:
            # Only while the circuit breaker is open: two round trips more to choose a probe.
            probed, *candidates = probing
            known = ids_of(probed)
            found = read_probes(self._redis, [*known, *candidates])
            nudged, next_ms, *_ = self._ask(choose(found[len(known) :], found[: len(known)]))
        return nudged, None if next_ms < 0 else next_ms / 1000

    def _ask(self, probe: str = "") -> Any:
        pace = self._pace
        return self._nudge(
            keys=[keys.calls, keys.pause, keys.pace, keys.breaker, *keys.due],
            args=[
                DEPTH * self._width(),
                int(REPEAT_S * 1000),
                int(pace.horizon_s * 1000),
                pace.interval_s * 1000,
                *self._message,
                probe,
            ],
        )

    def sleep(self, seconds: float | None) -> None:
        """Until the time is up or something changes: a new job, a shallow queue, a pause that ended."""
        longest = LONGEST_SLEEP_S if seconds is None else min(seconds, LONGEST_SLEEP_S)
        # Never 0, which means for ever to BLPOP, nor what a server might round down to it.
        self._redis.blpop([keys.wake], timeout=max(longest, 0.002))


def nudge_message(*, queue: str, job_id: str, tag: str) -> str:
    """A nudge as a message of Celery's protocol 2, in JSON; no two may have the same tag."""
    body = [[], {}, {"callbacks": None, "errbacks": None, "chain": None, "chord": None}]
    message = {
        "body": base64.b64encode(json.dumps(body).encode()).decode(),
        "content-encoding": "utf-8",
        "content-type": "application/json",
        "headers": {
            # The job's id is not the task's: revoking the producer's task must not make workers skip its nudges.
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
    """A nudge, cut where the script puts the job's id and twice the tag."""
    text = nudge_message(queue=queue, job_id=_ID, tag=_TAG)
    parts = text.replace(f'"{_TAG}"', f'"{_ID}"').split(f'"{_ID}"')
    assert len(parts) == 4  # noqa: S101, PLR2004 - id, then twice the tag
    return parts
