"""One attempt to place the call of a job, started by a nudge. It depends on no queue, store or HTTP library.

claim ─▶ screen ─▶ token ─▶ send (fence, pause, slot) ─▶ POST ─┐
  │         │         │               │                       ▼
  └─────────┴─────────┴───────────────┴─────────▶ decide ─▶ settle
"""

import logging
import random
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final, Protocol

from tasks.codes import Code, fix_of
from tasks.errors import DialError, JobError, LedgerUnavailable, NotPlaced
from tasks.genesys.call import CallRequest, PlacedCall
from tasks.ledger.claim import Claim, Declined, Gate, GateVerdict
from tasks.ledger.settlement import End, Release, Settled, Settlement, SettleResult
from tasks.resolution import Answered, Event, Halt, NoToken, RetryPolicy, decide
from tasks.screening.rules import Rules
from tasks.screening.screen import screen

log = logging.getLogger("dialer.attempt")

#: The longest time between the question to the ledger and the request: a process that was suspended in between must
#: not send.
SEND_WITHIN_S: Final = 3.0


class AttemptLedger(Protocol):
    """The part of the ledger that an attempt uses. Each method raises LedgerUnavailable."""

    def claim(self, job_id: str, *, worker: str, wake_depth: int) -> Claim | Declined:
        """Claim a due job."""

    def send(self, claim: Claim, *, to: str, caller_id: str, users: Sequence[str]) -> Gate:
        """Ask whether the request may be sent, and for which of the users; it may be sent only after `go`."""

    def settle(self, claim: Claim, settlement: Settlement, *, user: str) -> Settled:
        """Store how the attempt ended; `user`: whose call was requested, or ""."""


class Api(Protocol):
    def place_call(self, request: CallRequest, *, token: str) -> PlacedCall:
        """Send the POST once; raises NotPlaced, Refused or Unknown."""


class Tokens(Protocol):
    def current(self) -> str:
        """Return a token for the call; raises NotPlaced."""

    def discard(self, token: str) -> None:
        """Remove a token that the API rejected."""


class Attempt:
    """Runs one attempt: the job gets an outcome, or waits for its next attempt."""

    def __init__(
        self,
        *,
        ledger: AttemptLedger,
        tokens: Tokens,
        api: Api,
        policy: RetryPolicy,
        rules: Rules,
        worker: str,
        stopping: threading.Event,
        wake_depth: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ledger = ledger
        self._tokens = tokens
        self._api = api
        self._policy = policy
        self._rules = rules
        self._worker = worker
        self._stopping = stopping
        self._wake_depth = wake_depth
        self._clock = clock

    def run(self, job_id: str) -> None:
        """Dial the job if this worker can claim it. Raises only LedgerUnavailable."""
        claim = self._ledger.claim(job_id, worker=self._worker, wake_depth=self._wake_depth)
        if isinstance(claim, Declined):
            log.debug("nudge dropped", extra={"job_id": job_id, "reason": claim.reason, "detail": claim.detail})
            return
        event = self._run_claimed(claim)
        if event is not None:
            self._settle(claim, event)

    def _run_claimed(self, claim: Claim) -> Event | None:
        """Return what happened; None if the claim was lost, because the job is then no longer this worker's."""
        if self._stopping.is_set():
            return Halt.STOPPING
        if claim.poison:
            return Halt.POISON
        try:
            return self._try(claim)
        except LedgerUnavailable:
            # The ledger is still correct: a job that was not sent is requeued when its lease ends.
            raise
        except JobError as error:
            return error
        except Exception:
            log.exception("unexpected error before sending", extra={"job_id": claim.job.id})
            return Halt.DEFECT

    def _try(self, claim: Claim) -> Event | None:
        screened = screen(claim.job, self._rules, datetime.now(UTC))
        try:
            token = self._tokens.current()
        except NotPlaced as error:
            return NoToken(error=error)
        caller_id = screened.caller_id.e164 if screened.caller_id else ""
        gate = self._ask_to_send(claim, to=screened.to.e164, caller_id=caller_id, users=screened.user_ids)
        if isinstance(gate, Halt):
            return gate
        if gate.verdict is GateVerdict.GO:
            request = CallRequest(
                job_id=claim.job.id,
                attempt=claim.fence,
                to=screened.to.e164,
                caller_id=caller_id,
                user_id=gate.user,
                wrap_up_code_id=screened.wrap_up_code_id,
                attributes=claim.job.attributes,
            )
            return Answered(gate=gate, result=self._send(request, token))
        if gate.verdict is GateVerdict.LOST:
            extra = {"job_id": claim.job.id, "state": gate.detail}
            log.info("not sent: claim lost, or job cancelled or expired", extra=extra)
            return None
        return gate

    def _ask_to_send(self, claim: Claim, *, to: str, caller_id: str, users: Sequence[str]) -> Gate | Halt:
        """Ask the ledger whether the request may be sent, and wait for a slot of the pace if necessary."""
        while True:
            asked = self._clock()
            try:
                gate = self._ledger.send(claim, to=to, caller_id=caller_id, users=users)
            except LedgerUnavailable:
                # The ledger may have stored `sending`, and only this worker knows that nothing was sent.
                return Halt.SEND_UNANSWERED
            if gate.verdict is GateVerdict.WAIT:
                if self._stopping.wait(gate.wait_s):
                    return Halt.STOPPING
                continue
            if gate.verdict is GateVerdict.GO and self._clock() - asked > SEND_WITHIN_S:
                return Halt.LATE
            return gate

    def _send(self, request: CallRequest, token: str) -> PlacedCall | DialError | None:
        """Send the request. From here on, a job without a clear answer is unconfirmed."""
        try:
            return self._api.place_call(request, token=token)
        except DialError as error:
            if error.code is Code.TOKEN_REFUSED:
                self._discard(token)
            return error
        except Exception:
            log.exception("unexpected error while sending", extra={"job_id": request.job_id})
            return None

    def _discard(self, token: str) -> None:
        try:
            self._tokens.discard(token)
        except LedgerUnavailable:
            log.warning("could not remove the rejected token: Redis unavailable")

    def _settle(self, claim: Claim, event: Event) -> None:
        settlement = decide(event, claim, self._policy, jitter=random.random())
        job_id, report, pause = claim.job.id, settlement.report, settlement.pause
        if pause:
            extra = {"job_id": job_id, "wait_s": round(pause.for_s, 1)}
            log.warning("rate limit reached; pausing the fleet", extra=extra)
        try:
            settled = self._ledger.settle(
                claim, settlement, user=event.gate.user if isinstance(event, Answered) else ""
            )
        except LedgerUnavailable:
            if isinstance(event, Answered):
                _log_lost_answer(job_id, settlement.action)
            raise
        if settled.stopped and report:
            shown = (report.kind, report.message, fix_of(report.code, self._policy.profile))
            log.error("circuit breaker opened (%s): %s Fix: %s", *shown, extra={"code": report.code})
        if settled.result is SettleResult.LOST:
            log.info("outcome not stored: claim lost", extra={"job_id": job_id})
        else:
            _log_action(job_id, settled.action)


def _log_lost_answer(job_id: str, action: End | Release) -> None:
    """Log an answer that no record will show: the job ends as unconfirmed, and a person has to look it up here."""
    extra: dict[str, object] = {"job_id": job_id, "state": "not placed, to be retried", "code": action.code}
    if isinstance(action, End):
        extra |= {"state": action.state, "conversation": action.conversation_id}
    log.error("outcome not stored: Redis unavailable; the job will end as unconfirmed", extra=extra)


def _log_action(job_id: str, action: End | Release) -> None:
    if isinstance(action, End):
        conversation = {"conversation": action.conversation_id} if action.conversation_id else {"code": action.code}
        log.info(action.state, extra={"job_id": job_id, **conversation})
    elif action.delay_s is not None and action.code:
        extra = {"job_id": job_id, "code": action.code, "delay_s": round(action.delay_s, 1)}
        log.info("retry scheduled", extra=extra)
