"""What this process knows of its latest calls, for a Redis that forgot them.

A Redis that was started anew, or a replica that became the master, may lack its last moments. Whose call is in there
would be called again. So each process keeps in mind what came of its calls, and tells it once more; meanwhile nothing
is sent (`lua/parts/restarted.lua`).
"""

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

#: Longer than any replica lags behind; and no outcome is told again when its record may have expired.
_REMEMBER_S: Final = 600.0
_MOST: Final = 5000
_AT_ONCE: Final = 200
_CALLED_OFF: Final = (State.CANCELLED, State.EXPIRED)


class RememberedCall(NamedTuple):
    """A call that was placed, or may have been: by which claim, and the fields of its outcome."""

    at: float
    job: Job
    fence: int
    state: State
    fields: list[Any]


class Replay:
    """Thread-safe. Raises LedgerUnavailable when Redis does not answer; telling is safe to repeat."""

    def __init__(self, redis: Redis, *, retention_ms: int) -> None:
        self._redis = redis
        self._retention_ms = retention_ms
        self._script = redis.register_script(source("replay"))
        self._calls: deque[RememberedCall] = deque(maxlen=_MOST)
        self._lock = Lock()

    def keep(self, job: Job, fence: int, state: State, fields: list[Any]) -> RememberedCall:
        call = RememberedCall(time.monotonic(), job, fence, state, fields)
        with self._lock:
            self._calls.append(call)
        return call

    def tell(self, calls: Iterable[RememberedCall] | None = None) -> list[str]:
        """Tell of these calls, or of all that are remembered; the ids of those that Redis had forgotten."""
        if calls is None:
            oldest = time.monotonic() - _REMEMBER_S
            with self._lock:
                calls = [call for call in self._calls if call.at > oldest]
        waiting, forgotten = list(calls), list[str]()
        for first in range(0, len(waiting), _AT_ONCE):
            some = waiting[first : first + _AT_ONCE]
            pipe = self._redis.pipeline(transaction=False)
            for call in some:
                self._tell(call, pipe)
            answers = zip(some, pipe.execute(), strict=True)
            forgotten += [call.job.id for call, (verdict, _) in answers if verdict == "told"]
        return forgotten

    def _tell(self, call: RememberedCall, pipe: Any) -> None:
        job = call.job
        self._script(
            keys=[
                *outcome_keys(job.id, job.batch, call.state),
                keys.due_at(job.priority),
                *(keys.index(state) for state in _CALLED_OFF),
                *(keys.batch(job.batch or "", state) for state in _CALLED_OFF),
            ],
            args=[
                job.id,
                call.fence,
                self._retention_ms,
                call.state,
                fingerprint(job.content()),
                *call.fields,
                *flat({"batch": job.batch, "priority": job.priority}),
            ],
            client=pipe,
        )
