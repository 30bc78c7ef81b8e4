"""Records the outcomes of the latest calls again after Redis has lost them.

After a restart of Redis, or when a replica becomes the master, the latest writes may be missing. A job whose outcome
is missing would be called again. So each process remembers the outcomes of its latest calls, and records them again.
Nothing is sent in the meantime (`lua/parts/restarted.lua`).
"""

import json
import time
from collections import deque
from collections.abc import Iterable
from threading import Lock
from typing import Any, Final, NamedTuple

from redis import Redis

from tasks.codes import State
from tasks.job import Job, fingerprint
from tasks.ledger.outcome import flat, outcome_keys
from tasks.store import keys
from tasks.store.scripts import source

#: Longer than any replica lags, and too short for a record to expire: an expired outcome must not be recorded again.
_REMEMBER_S: Final = 600.0
_MOST: Final = 5000
_AT_ONCE: Final = 200
#: Outcomes that a job may have got since, because its call was missing.
_WITHDRAWN: Final = (State.CANCELLED, State.EXPIRED)


class RememberedCall(NamedTuple):
    """A call that was placed or may have been placed: the fence of its claim, and the fields of its outcome."""

    at: float
    job: Job
    fence: int
    state: State
    fields: list[Any]
    #: How the call is followed, see `follow_argument`.
    follow: dict[str, Any] | None


class Replay:
    """Remembers outcomes and replays them; thread-safe. Raises LedgerUnavailable when Redis does not answer."""

    def __init__(self, redis: Redis, *, retention_ms: int, call_deadline_s: float) -> None:
        self._redis = redis
        self._retention_ms = retention_ms
        self._call_deadline_s = call_deadline_s
        self._script = redis.register_script(source("replay"))
        self._calls: deque[RememberedCall] = deque(maxlen=_MOST)
        self._lock = Lock()

    def remember(
        self, job: Job, fence: int, state: State, fields: list[Any], follow: dict[str, Any] | None = None
    ) -> RememberedCall:
        """Keep an outcome for a later replay."""
        call = RememberedCall(time.monotonic(), job, fence, state, fields, follow)
        with self._lock:
            self._calls.append(call)
        return call

    def replay(self, calls: Iterable[RememberedCall] | None = None) -> list[str]:
        """Record these outcomes, or all remembered ones, where Redis lacks them; return the ids of those jobs.

        A replay can be repeated safely.
        """
        if calls is None:
            oldest = time.monotonic() - _REMEMBER_S
            with self._lock:
                calls = [call for call in self._calls if call.at > oldest]
        remembered, missing = list(calls), list[str]()
        for first in range(0, len(remembered), _AT_ONCE):
            some = remembered[first : first + _AT_ONCE]
            pipe = self._redis.pipeline(transaction=False)
            for call in some:
                self._queue(call, pipe)
            answers = zip(some, pipe.execute(), strict=True)
            missing += [call.job.id for call, (verdict, _) in answers if verdict == "replayed"]
        return missing

    def _queue(self, call: RememberedCall, pipe: Any) -> None:
        job = call.job
        self._script(
            keys=[
                *outcome_keys(job.id, job.batch, call.state),
                *(keys.followed, keys.followed_jobs),
                keys.due_at(job.priority),
                *(keys.index(state) for state in _WITHDRAWN),
                *(keys.batch(job.batch or "", state) for state in _WITHDRAWN),
            ],
            args=[
                job.id,
                call.fence,
                self._retention_ms,
                call.state,
                fingerprint(job.content()),
                json.dumps(call.follow) if call.follow else "",
                # The request was sent so long ago, or somewhat later.
                int((time.monotonic() - call.at + self._call_deadline_s) * 1000),
                *call.fields,
                # A job that may have another call needs its content for it.
                *flat({"batch": job.batch, "priority": job.priority, "_job": job.content() if call.follow else None}),
            ],
            client=pipe,
        )
