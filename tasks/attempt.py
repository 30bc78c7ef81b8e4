"""One attempt at one job: what a worker does with one nudge. It knows neither queue, nor store, nor wire.

claim ─▶ screen ─▶ token ─▶ send (fence, pause, slot) ─▶ POST ─┐
  │         │         │               │                       ▼
  └─────────┴─────────┴───────────────┴─────────▶ decide ─▶ settle
"""

import logging
import random
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, Protocol

from tasks.codes import WORDS, Code
from tasks.errors import DialError, JobError, LedgerUnavailable, NotPlaced
from tasks.genesys.call import CallRequest, PlacedCall
from tasks.ledger.claim import Claim, Declined, Gate, GateVerdict
from tasks.ledger.settlement import End, Release, Settled, Settlement, SettleResult
from tasks.resolution import Answered, Event, Halt, NoToken, RetryPolicy, decide
from tasks.screening.rules import Rules
from tasks.screening.screen import screen

log = logging.getLogger("dialer.attempt")

#: A request leaves this long after the ledger was asked at the most: a process that froze in between must not send.
SEND_WITHIN_S: Final = 3.0


class AttemptLedger(Protocol):
    """What an attempt needs of the ledger. Each method raises LedgerUnavailable."""

    def claim(self, job_id: str, *, worker: str, wake_depth: int) -> Claim | Declined:
        """Take a due job."""

    def send(self, claim: Claim, *, to: str, caller_id: str) -> Gate:
        """Ask for the last time before the request; only after `go` may it leave."""

    def settle(self, claim: Claim, settlement: Settlement) -> Settled:
        """Store how the attempt ended."""


class Api(Protocol):
    def place_call(self, request: CallRequest, *, token: str) -> PlacedCall:
        """Send the POST once; raises NotPlaced, Refused or Unknown."""


class Tokens(Protocol):
    def current(self) -> str:
        """A token to call with; raises NotPlaced."""

    def discard(self, token: str) -> None:
        """Forget a token that the API refused."""


class Attempt:
    """Takes a job from its nudge to an outcome, or back to where it waits."""

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
        """Dial the job if it is this worker's to dial. Raises only LedgerUnavailable."""
        claim = self._ledger.claim(job_id, worker=self._worker, wake_depth=self._wake_depth)
        if isinstance(claim, Declined):
            log.debug("nudge dropped", extra={"job_id": job_id, "reason": claim.reason, "detail": claim.detail})
            return
        event = self._tried(claim)
        if event is not None:
            self._settle(claim, event)

    def _tried(self, claim: Claim) -> Event | None:
        """What came of it; None when the claim was lost, and somebody else has said what becomes of the job."""
        if self._stopping.is_set():
            return Halt.STOPPING
        if claim.poison:
            return Halt.POISON
        try:
            return self._try(claim)
        except LedgerUnavailable:
            # Whatever the ledger holds is still true: an unsent job comes back when its lease ends.
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
        request = CallRequest(
            job_id=claim.job.id,
            to=screened.to.e164,
            caller_id=screened.caller_id.e164 if screened.caller_id else "",
            user_id=screened.user_id,
            wrap_up_code_id=screened.wrap_up_code_id,
            attributes=claim.job.attributes,
        )
        gate = self._pass_the_gate(claim, request)
        if isinstance(gate, Halt):
            return gate
        if gate.verdict is GateVerdict.GO:
            return Answered(gate=gate, result=self._send(request, token))
        if gate.verdict is GateVerdict.LOST:
            extra = {"job_id": claim.job.id, "state": gate.detail}
            log.info("not sent: claim lost, or job cancelled or expired", extra=extra)
            return None
        return gate

    def _pass_the_gate(self, claim: Claim, request: CallRequest) -> Gate | Halt:
        """Pass the point of no return, waiting for a slot of the pace."""
        while True:
            asked = self._clock()
            try:
                gate = self._ledger.send(claim, to=request.to, caller_id=request.caller_id)
            except LedgerUnavailable:
                # The ledger may have noted `sending`, and nobody but us knows that nothing has left.
                return Halt.SEND_UNANSWERED
            if gate.verdict is GateVerdict.WAIT:
                if self._stopping.wait(gate.wait_s):
                    return Halt.STOPPING
                continue
            if gate.verdict is GateVerdict.GO and self._clock() - asked > SEND_WITHIN_S:
                return Halt.LATE
            return gate

    def _send(self, request: CallRequest, token: str) -> PlacedCall | DialError | None:
        """Send the request; from here on a job whose answer is not known is unconfirmed."""
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
            log.warning("could not discard a refused token: Redis unavailable")

    def _settle(self, claim: Claim, event: Event) -> None:
        settlement = decide(event, claim, self._policy, jitter=random.random())
        job_id, report, pause = claim.job.id, settlement.report, settlement.pause
        if pause:
            extra = {"job_id": job_id, "wait_s": round(pause.for_s, 1)}
            log.warning("rate limit reached; pausing the fleet", extra=extra)
        try:
            settled = self._ledger.settle(claim, settlement)
        except LedgerUnavailable:
            if isinstance(event, Answered):
                _log_lost_answer(job_id, settlement.action)
            raise
        if settled.stopped and report:
            told = (report.kind, report.message, WORDS[report.code].fix)
            log.error("circuit breaker opened (%s): %s Fix: %s", *told, extra={"code": report.code})
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
