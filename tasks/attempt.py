"""The use case: what a worker does with one nudge. It knows neither queue, nor store, nor wire.

claim ─▶ screen ──▶ token ─▶ send (fence, pause, slot) ─▶ POST ─▶ aftermath
            │          │       │                            ├─ placed, rejected, unconfirmed, failed
         rejected   release  release                        └─ certainly not placed: due again later
"""

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, Protocol

from tasks.codes import Code, State
from tasks.errors import DialError, JobError, NotPlaced
from tasks.genesys.call import CallRequest, PlacedCall
from tasks.ledger.ledger import Claim, Declined, Gate, Ledger
from tasks.resolution import Resolution
from tasks.screening.rules import Rules
from tasks.screening.screen import screen

log = logging.getLogger("dialer.attempt")

#: A request leaves this long after the ledger was asked at the most: a process that froze in between must not send.
SEND_WITHIN_S: Final = 3.0


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
        ledger: Ledger,
        tokens: Tokens,
        api: Api,
        resolution: Resolution,
        rules: Rules,
        worker: str,
        stopping: threading.Event,
        wake_depth: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ledger = ledger
        self._tokens = tokens
        self._api = api
        self._resolution = resolution
        self._rules = rules
        self._worker = worker
        self._stopping = stopping
        self._wake_depth = wake_depth
        self._clock = clock

    def run(self, job_id: str) -> None:
        """Dial the job if it is this worker's to dial. Raises only what the ledger raises when it is away."""
        claim = self._ledger.claim(job_id, worker=self._worker, wake_depth=self._wake_depth)
        if isinstance(claim, Declined):
            log.debug("nudge dropped", extra={"job_id": job_id, "why": claim.why, "detail": claim.detail})
            return
        if self._stopping.is_set():
            self._ledger.release(claim)
            return
        if claim.poison:
            self._resolution.end(claim, State.FAILED, Code.INTERNAL_ERROR, claim.poison)
            return
        try:
            self._attempt(claim)
        except self._ledger.unavailable:
            # Whatever the ledger holds is still true: an unsent job comes back when its lease ends.
            raise
        except JobError as error:
            self._resolution.end(claim, State.REJECTED, error.code, error.message)
        except Exception:
            log.exception("defect", extra={"job_id": job_id})
            self._resolution.defect(claim)

    def _attempt(self, claim: Claim) -> None:
        screened = screen(claim.job, self._rules, datetime.now(UTC))
        try:
            token = self._tokens.current()
        except NotPlaced as error:
            self._resolution.no_token(claim, error)
            return
        request = CallRequest(
            job_id=claim.job.id,
            to=screened.to.e164,
            caller_id=screened.caller_id.e164 if screened.caller_id else "",
            user_id=screened.user_id,
            wrap_up_code_id=screened.wrap_up_code_id,
            attributes=claim.job.attributes,
        )
        gate = self._gate(claim, request)
        if gate.verdict == "go":
            self._place(claim, gate, request, token)

    def _gate(self, claim: Claim, request: CallRequest) -> Gate:
        """Pass the point of no return, waiting for a slot; anything but `go` has been dealt with."""
        while True:
            asked = self._clock()
            try:
                gate = self._ledger.send(claim, to=request.to, caller_id=request.caller_id)
            except self._ledger.unavailable:
                # The ledger may have noted `sending`, and nobody but us knows that nothing has left.
                self._ledger.release(claim, counts=False)
                return Gate(verdict="lost", detail="the ledger was away")
            if gate.verdict != "wait":
                break
            if self._stopping.wait(gate.wait_s):
                self._ledger.release(claim)
                return gate
        if gate.verdict == "go":
            if self._clock() - asked <= SEND_WITHIN_S:
                return gate
            # Nothing has left, and nobody else may send before we say so.
            self._ledger.release(claim, counts=False)
            return Gate(verdict="lost", detail="late")
        if gate.verdict == "expired":
            self._resolution.end(claim, State.EXPIRED, Code.NOT_AFTER_PASSED)
        elif gate.verdict == "busy":
            self._ledger.release(claim, delay_s=gate.wait_s)
        elif gate.verdict == "paused":
            self._ledger.release(claim)
        else:
            # Cancelled, or expired, or taken for dead: whoever changed the job has said so.
            log.info("not sent: no longer ours", extra={"job_id": claim.job.id, "state": gate.detail})
        return gate

    def _place(self, claim: Claim, gate: Gate, request: CallRequest, token: str) -> None:
        try:
            call = self._api.place_call(request, token=token)
        except DialError as error:
            if error.code is Code.TOKEN_REFUSED:
                self._tokens.discard(token)
            self._resolution.failed(claim, gate, error)
        except Exception:
            log.exception("defect while the request may have been out", extra={"job_id": claim.job.id})
            self._resolution.end(claim, State.UNCONFIRMED, Code.INTERNAL_ERROR)
        else:
            self._resolution.placed(claim, gate, call)
