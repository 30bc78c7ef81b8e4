"""The ledger: what is true of each job. Each step is one Lua script, one round trip, safe to replay.

    accept ─▶ queued, scheduled ─claim─▶ preparing ─send─▶ sending ─finish─▶ an outcome
                      ▲                      │                │
                      └───────release────────┴────────────────┘   reap: the holder's lease ran out

Every step checks the state that it leaves, and the fence: a number that grows with each claim, so that whoever lost
its claim can change nothing any more.
"""

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event
from typing import Any, Final, TypeVar

from redis import Redis, RedisError
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    sleep_using_event,
    stop_after_delay,
    stop_when_event_set,
    wait_random_exponential,
)

from tasks.codes import Code, State
from tasks.errors import RateReading
from tasks.fleet.pace import Pace
from tasks.job import DEFAULT_PRIORITY, Job, parse_job
from tasks.ledger.accept import Acceptor
from tasks.ledger.outcome import flat, outcome_fields, outcome_keys
from tasks.ledger.replay import Replay
from tasks.store import keys
from tasks.store.scripts import source

log = logging.getLogger("dialer.ledger")

_Answer = TypeVar("_Answer")

PREPARING_LEASE_S: Final = 10.0
#: Behind the slot that a worker waits for, nothing is left to do but to ask once more: whoever is late is dead.
WAITING_MARGIN_S: Final = 5.0
#: The call is bound by a wall-clock deadline; its lease outlives that by this much.
SENDING_MARGIN_S: Final = 5.0
_STORE_WITHIN_S: Final = 300.0
#: A job that so many workers died with, before they sent it, is what they die of: it ends before it meets another.
_MOST_DEATHS: Final = 5
_MAY_HAVE_RUNG: Final = frozenset({State.PLACED, State.UNCONFIRMED})


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A worker's right to dial a job, until its lease ends or somebody holds a higher fence."""

    job: Job
    fence: int
    #: POSTs so far.
    attempts: int
    #: Why the last attempt did not end it, or "".
    last_code: str
    #: Since it was first due.
    age_s: float
    #: Why nobody should try it any more, or "": workers die with it, or it cannot be read.
    poison: str = ""


@dataclass(frozen=True, kw_only=True)
class Declined:
    """Nothing to do for this nudge: `duplicate`, `early`, `unknown` or `paused`; `detail` says more."""

    why: str
    detail: str


@dataclass(frozen=True, kw_only=True)
class Gate:
    """The answer to `send`: `go`, `wait`, `busy`, `paused`, `expired` or `lost`."""

    verdict: str
    #: `wait`, `busy`, `paused`: how long; None when nobody knows.
    wait_s: float | None = None
    #: `go`: POSTs so far, this one included.
    attempts: int = 0
    #: `go`: the number of the slot, for the reading that the answer may bring.
    ticket: int = 0
    detail: str = ""


class Ledger(Acceptor):
    """The write side of the records. Raises redis.RedisError when Redis does not answer."""

    #: What the methods raise when the ledger is away; nothing is known then of what they did.
    unavailable: Final = (RedisError,)

    def __init__(
        self,
        redis: Redis,
        *,
        pace: Pace,
        retention_s: float,
        call_deadline_s: float,
        stopping: Event | None = None,
    ) -> None:
        super().__init__(redis, retention_s=retention_s)
        self._pace = pace
        self._sending_lease_ms = int((call_deadline_s + SENDING_MARGIN_S) * 1000)
        self._replay = Replay(redis, retention_ms=self._retention_ms)
        names = ("claim", "send", "finish", "release")
        self._scripts = {name: redis.register_script(source(name)) for name in names}
        self._until_stored = Retrying(
            retry=retry_if_exception_type(self.unavailable),
            wait=wait_random_exponential(multiplier=0.2, max=2),
            # Whoever shuts down while Redis is away has no time: the lease will end, and say `unconfirmed`.
            stop=stop_after_delay(_STORE_WITHIN_S) | stop_when_event_set(stopping or Event()),
            sleep=sleep_using_event(stopping or Event()),
            before_sleep=_say_once,
            reraise=True,
        )

    def retry_until_stored(self, step: Callable[..., _Answer], *args: Any, **named: Any) -> _Answer:
        """Take a step that is safe to replay, again and again for some minutes while the ledger is away."""
        return self._until_stored(step, *args, **named)

    def claim(self, job_id: str, *, worker: str, wake_depth: int = 0) -> Claim | Declined:
        """Take a due job; `wake_depth`: how short the queue may get before a scheduler is woken."""
        reply = self._scripts["claim"](
            keys=[keys.job(job_id), keys.leases, keys.pause, keys.calls, keys.wake, *keys.due],
            args=[job_id, worker, int(PREPARING_LEASE_S * 1000), wake_depth],
        )
        if reply[0] != "claimed":
            return Declined(why=reply[0], detail=reply[1])
        _, fence, content, attempts, last_code, age_ms, deaths = reply
        job, poison = _read(job_id, json.loads(content))
        if deaths >= _MOST_DEATHS:
            poison = f"{deaths} workers died or hung while they prepared it."
        return Claim(job=job, fence=fence, attempts=attempts, last_code=last_code, age_s=age_ms / 1000, poison=poison)

    def send(self, claim: Claim, *, to: str, caller_id: str) -> Gate:
        """The last thing before the first byte of the POST. Only after `go` may it leave.

        `to` and `caller_id` are E.164, for the record.
        """
        pace = self._pace
        verdict, *rest = self._scripts["send"](
            keys=[keys.job(claim.job.id), keys.leases, keys.pause, keys.pace, keys.breaker, keys.run],
            args=[
                claim.job.id,
                claim.fence,
                self._sending_lease_ms,
                int(WAITING_MARGIN_S * 1000),
                int(pace.max_wait_s * 1000),
                pace.interval_s * 1000,
                int(pace.late_s * 1000),
                *flat({"to": to, "from": caller_id}),
            ],
        )
        if verdict == "go":
            return Gate(verdict=verdict, attempts=rest[0], ticket=rest[1])
        if verdict == "lost" or not rest:
            return Gate(verdict=verdict, detail=rest[0] if rest else "")
        wait_s = rest[0] / 1000 if rest[0] >= 0 else None
        return Gate(verdict=verdict, wait_s=wait_s, detail=rest[1] if len(rest) > 1 else "")

    def finish(
        self,
        claim: Claim,
        state: State,
        code: Code,
        message: str | None = None,
        *,
        http_status: int | None = None,
        conversation_id: str | None = None,
        correlation_id: str | None = None,
        ticket: int = 0,
        reading: RateReading | None = None,
    ) -> bool:
        """Store the outcome; False when the claim was lost to somebody else and nothing was changed.

        `reading` is what the answer told of the rate limit, and `ticket` the number of the slot that it used.
        Asks again for a while when Redis is away: what happened on the wire is known here and nowhere else.
        """
        fields = outcome_fields(
            code,
            message,
            http_status=http_status,
            conversation_id=conversation_id,
            correlation_id=correlation_id,
        )
        # In mind before it is told: what Redis forgets is told again.
        call = self._replay.keep(claim.job, claim.fence, state, fields) if state in _MAY_HAVE_RUNG else None
        verdict, _ = self._until_stored(
            self._scripts["finish"],
            keys=[
                *outcome_keys(claim.job.id, claim.job.batch, state),
                *(keys.pace, keys.breaker, keys.pause, keys.wake),
            ],
            args=[claim.job.id, claim.fence, self._retention_ms, state, *_told(ticket, reading), *fields],
        )
        if call and verdict == "lost":
            return bool(self._until_stored(self._replay.tell, [call]))
        return bool(verdict != "lost")

    def replay(self) -> list[str]:
        """Tell a Redis that was started anew what came of the latest calls; ids of those that it had forgotten."""
        return self._replay.tell()

    def release(
        self,
        claim: Claim,
        *,
        delay_s: float | None = None,
        counts: bool = True,
        code: Code | None = None,
        message: str = "",
    ) -> bool:
        """Give the job back, due again after `delay_s`, or in its old place; False when it was not ours any more.

        Only for a call that was certainly not placed. `counts=False`: the attempt is not held against the job.
        Asks again like `finish`: of a call that was refused or never left, nobody else knows that it may be repeated.
        """
        verdict, _ = self._until_stored(
            self._scripts["release"],
            keys=[keys.job(claim.job.id), keys.leases, keys.due_at(claim.job.priority), keys.wake],
            args=[
                claim.job.id,
                claim.fence,
                "" if delay_s is None else int(delay_s * 1000),
                "" if counts else "1",
                code or "",
                message,
            ],
        )
        return bool(verdict == "done")


def _read(job_id: str, content: dict[str, Any]) -> tuple[Job, str]:
    """The job, and why it is poison: another version of Dialer may have written what this one cannot read."""
    try:
        return parse_job(job_id, content), ""
    except Exception:
        log.exception("defect: the ledger holds what is no job", extra={"job_id": job_id})
        # As much of it as it takes to put its end in the right places.
        batch, priority = content.get("batch"), content.get("priority", DEFAULT_PRIORITY)
        return Job(id=job_id, to="", batch=batch, priority=priority), "This version of Dialer cannot read the job."


def _say_once(waiting: RetryCallState) -> None:
    if waiting.attempt_number == 1:
        error = waiting.outcome and waiting.outcome.exception()
        log.warning("an outcome waits until the ledger takes it: %s", error)


def _told(ticket: int, reading: RateReading | None) -> list[int | str]:
    if reading is None:
        return ["", "", "", ""]
    return [ticket, reading.count, reading.allowed, int(reading.reset_s * 1000)]
