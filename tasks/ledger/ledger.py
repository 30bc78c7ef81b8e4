"""The steps of the ledger. Each step is one Lua script: one round trip, which can be repeated safely.

    accept ─▶ queued, scheduled ─claim─▶ preparing ─send─▶ sending ─settle─▶ an outcome
                      ▲                      │                │
                      └───────settle─────────┴────────────────┘   reap: the lease expired

Every step checks the current state of the job, and its fence. The fence is a number that increases with each claim,
so that a worker that has lost its claim cannot change the job.
"""

import json
import logging
from collections.abc import Sequence
from threading import Event
from typing import Any, Final

from redis import Redis
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    sleep_using_event,
    stop_after_delay,
    stop_when_event_set,
    wait_random_exponential,
)

from tasks.codes import State
from tasks.errors import LedgerUnavailable
from tasks.fleet.capacity import Capacity
from tasks.fleet.pace import Pace
from tasks.job import DEFAULT_PRIORITY, Job, parse_job
from tasks.ledger.accept import Acceptor
from tasks.ledger.claim import Claim, Declined, DeclineReason, Gate, GateVerdict
from tasks.ledger.outcome import end_fields, flat, follow_argument, outcome_keys, settle_argument
from tasks.ledger.replay import Replay
from tasks.ledger.settlement import End, Release, Settled, Settlement, SettleResult
from tasks.store import keys
from tasks.store.scripts import source

log = logging.getLogger("dialer.ledger")

PREPARING_LEASE_S: Final = 10.0
#: The lease of a waiting worker ends this much after its slot: by then, a live worker has asked again.
WAITING_MARGIN_S: Final = 5.0
#: The lease of a sending worker ends this much after the deadline of its request.
SENDING_MARGIN_S: Final = 5.0
_STORE_WITHIN_S: Final = 300.0
#: A job probably kills its workers if this many died before they sent it: it is not given to another worker.
_MOST_DEATHS: Final = 5
_MAY_HAVE_RUNG: Final = frozenset({State.PLACED, State.UNCONFIRMED})


class Ledger(Acceptor):
    """Changes the records of jobs. Raises LedgerUnavailable when Redis does not answer."""

    def __init__(
        self,
        redis: Redis,
        *,
        pace: Pace,
        retention_s: float,
        call_deadline_s: float,
        follow: bool = False,
        capacity: Capacity | None = None,
        stopping: Event | None = None,
    ) -> None:
        """`follow`: whether placed calls are followed until they end. Without `capacity`, users have no limit."""
        super().__init__(redis, retention_s=retention_s)
        self._pace = pace
        self._follow = follow
        self._capacity = capacity or Capacity()
        self._sending_lease_ms = int((call_deadline_s + SENDING_MARGIN_S) * 1000)
        self._replay = Replay(redis, retention_ms=self._retention_ms, call_deadline_s=call_deadline_s)
        names = ("claim", "send", "settle")
        self._scripts = {name: redis.register_script(source(name)) for name in names}
        self._until_stored = Retrying(
            retry=retry_if_exception_type(LedgerUnavailable),
            wait=wait_random_exponential(multiplier=0.2, max=2),
            # A worker that shuts down does not wait for Redis: the job ends as `unconfirmed` when its lease expires.
            stop=stop_after_delay(_STORE_WITHIN_S) | stop_when_event_set(stopping or Event()),
            sleep=sleep_using_event(stopping or Event()),
            before_sleep=_log_first_retry,
            reraise=True,
        )

    def claim(self, job_id: str, *, worker: str, wake_depth: int = 0) -> Claim | Declined:
        """Claim a due job. `wake_depth` is the length of the queue at which a scheduler is woken."""
        reply = self._scripts["claim"](
            keys=[keys.job(job_id), keys.leases, keys.pause, keys.calls, *keys.capacity, *keys.due],
            args=[job_id, worker, int(PREPARING_LEASE_S * 1000), wake_depth],
        )
        if reply[0] != "claimed":
            return Declined(reason=DeclineReason(reply[0]), detail=reply[1])
        _, fence, content, last_code, age_ms, deaths = reply
        job, poison = _read(job_id, json.loads(content))
        if deaths >= _MOST_DEATHS:
            poison = f"{deaths} workers died or hung while they prepared it."
        return Claim(job=job, fence=fence, last_code=last_code, age_s=age_ms / 1000, poison=poison)

    def send(self, claim: Claim, *, to: str, caller_id: str, users: Sequence[str] = ("",)) -> Gate:
        """Ask whether the request may be sent now, and for which of the users. It may be sent only after `go`.

        `to` and `caller_id` are E.164, and are stored in the record.
        """
        pace = self._pace
        verdict, *rest = self._scripts["send"](
            keys=[
                *(keys.job(claim.job.id), keys.leases, keys.pause, keys.pace, keys.breaker, keys.run),
                *(keys.history(claim.job.id), *keys.capacity),
            ],
            args=[
                claim.job.id,
                claim.fence,
                self._sending_lease_ms,
                int(WAITING_MARGIN_S * 1000),
                int(pace.max_wait_s * 1000),
                pace.interval_s * 1000,
                int(pace.late_s * 1000),
                *(self._capacity.calls_per_user, self._capacity.longest_call_ms, len(users)),
                *users,
                *flat({"to": to, "from": caller_id}),
            ],
        )
        return _gate(GateVerdict(verdict), rest)

    def settle(self, claim: Claim, settlement: Settlement, *, user: str = "") -> Settled:
        """End the attempt: change the job, and update the state of the fleet, in one step.

        `user`: whose call was requested, if one was.

        Retries for some minutes while Redis is unavailable, because only this process knows the result.
        """
        job, action = claim.job, settlement.action
        # The outcome is remembered first: if Redis loses it, it is recorded again.
        hold = self._capacity.hold_argument(user)
        call, follow = None, follow_argument(job, action, hold) if self._follow else None
        waits = isinstance(action, Release) and action.waits_for_user
        if isinstance(action, End) and action.state in _MAY_HAVE_RUNG:
            call = self._replay.remember(job, claim.fence, action.state, end_fields(action), follow)
        # A release uses no index of an outcome, so the script gets the keys of any state.
        state = action.state if isinstance(action, End) else State.FAILED
        result, stopped = self._until_stored(
            self._scripts["settle"],
            keys=[
                *outcome_keys(job.id, job.batch, state),
                *(keys.due_at(job.priority), keys.pace, keys.breaker, keys.pause),
                *(keys.followed, keys.followed_jobs),
            ],
            args=[
                job.id,
                claim.fence,
                self._retention_ms,
                settle_argument(settlement, follow, self._capacity.wait_argument(job) if waits else None),
            ],
        )
        if call and result == SettleResult.LOST and self._until_stored(self._replay.replay, [call]):
            result = SettleResult.DONE
        done = settlement.if_stopped if stopped and settlement.if_stopped else action
        return Settled(result=SettleResult(result), stopped=bool(stopped), action=done)

    def replay(self) -> list[str]:
        """Record the outcomes of the latest calls again after a Redis restart; return the ids of the missing ones."""
        return self._replay.replay()


def _read(job_id: str, content: dict[str, Any]) -> tuple[Job, str]:
    """Return the job, and why it is poison or "": another version of Dialer may have written an unreadable job."""
    try:
        return parse_job(job_id, content), ""
    except Exception:
        log.exception("unexpected error: the ledger holds a job that cannot be read", extra={"job_id": job_id})
        # The batch and the priority are needed to store the outcome in the right sets.
        batch, priority = content.get("batch"), content.get("priority", DEFAULT_PRIORITY)
        return Job(id=job_id, to="", batch=batch, priority=priority), "This version of Dialer cannot read the job."


def _log_first_retry(retry: RetryCallState) -> None:
    if retry.attempt_number == 1:
        error = retry.outcome and retry.outcome.exception()
        log.warning("storing an outcome failed; retrying: %s", error)


def _gate(verdict: GateVerdict, rest: list[Any]) -> Gate:
    if verdict is GateVerdict.GO:
        return Gate(verdict=verdict, attempts=rest[0], ticket=rest[1], user=rest[2])
    if verdict is GateVerdict.LOST or not rest:
        return Gate(verdict=verdict, detail=rest[0] if rest else "")
    wait_s = rest[0] / 1000 if rest[0] >= 0 else None
    return Gate(verdict=verdict, wait_s=wait_s, detail=rest[1] if len(rest) > 1 else "")
