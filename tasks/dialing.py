"""The use case: what a worker does with one nudge. It knows neither queue, nor store, nor wire.

claim ─▶ address ─▶ token ─▶ send (fence, pause, slot) ─▶ POST ─▶ finish
            │          │       │                            ├─ placed, rejected, unconfirmed
         rejected   release  release                        └─ certainly not placed: release, due again later
"""

import logging
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol

from tasks.address import Address, DiallingRules, parse_address
from tasks.call import CallRequest, PlacedCall
from tasks.codes import WORDS, Code, State
from tasks.errors import DialError, JobError, NotPlaced, Refused
from tasks.job import Job
from tasks.ledger import Claim, Declined, Gate, Ledger
from tasks.pause import Pause, Reason
from tasks.trouble import Trouble

log = logging.getLogger("dialer.dialing")

#: A request leaves this long after the ledger was asked at the most: a process that froze in between must not send.
SEND_WITHIN_S: Final = 3.0
_BACKOFF_FIRST_S: Final = 2.0
_BACKOFF_MOST_S: Final = 15 * 60.0
_BUG_DELAY_S: Final = 30.0
_NO_TOKEN_S: Final = 2.0
_NO_RETRY_AFTER_S: Final = 2.0  # the guide: "a default of 1-2 seconds"


class Api(Protocol):
    def place_call(self, request: CallRequest, *, token: str) -> PlacedCall:
        """Send the POST once; raises NotPlaced, Refused or Unknown."""


class Tokens(Protocol):
    def current(self) -> str:
        """A token to call with; raises NotPlaced."""

    def discard(self, token: str) -> None:
        """Forget a token that the API refused."""


@dataclass(frozen=True, kw_only=True)
class Defaults:
    """What holds for a job that does not say otherwise."""

    caller_id: str
    region: str
    user_id: str
    wrap_up_code_id: str
    max_attempts: int
    #: A job that is older than this, since it was first due, is not put off once more.
    retry_for_s: float
    rules: DiallingRules
    #: Send a call again whose fate is unknown: at least once instead of at most once.
    redial: bool


class Dialing:
    """Takes a job from its nudge to an outcome, or back to where it waits."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        tokens: Tokens,
        api: Api,
        pause: Pause,
        trouble: Trouble,
        defaults: Defaults,
        worker: str,
        stopping: threading.Event,
        wake_depth: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ledger = ledger
        self._tokens = tokens
        self._api = api
        self._pause = pause
        self._trouble = trouble
        self._defaults = defaults
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
        try:
            self._attempt(claim)
        except self._ledger.unavailable:
            # Whatever the ledger holds is still true: an unsent job comes back when its lease ends.
            raise
        except JobError as error:
            self._finish(claim, State.REJECTED, error.code, error.message)
        except Exception:
            log.exception("defect", extra={"job_id": claim.job.id})
            self._defect(claim)

    def _attempt(self, claim: Claim) -> None:
        job, defaults = claim.job, self._defaults
        region = job.region or defaults.region
        to = parse_address(job.to, region=region, rules=defaults.rules)
        caller_id = self._caller_id(job, region)
        try:
            token = self._tokens.current()
        except NotPlaced as error:
            self._no_token(claim, error)
            return
        request = CallRequest(
            job_id=job.id,
            to=to.e164,
            caller_id=caller_id.e164 if caller_id else "",
            user_id=job.user_id or defaults.user_id,
            wrap_up_code_id=job.wrap_up_code_id or defaults.wrap_up_code_id,
            attributes=job.attributes,
        )
        gate = self._gate(claim, request)
        if gate.verdict == "go":
            self._place(claim, request, token, gate)

    def _caller_id(self, job: Job, region: str) -> Address | None:
        written = job.caller_id or self._defaults.caller_id
        if not written:
            return None
        try:
            # The allow list and the premium rule guard what is called, not who calls.
            return parse_address(written, region=region, rules=DiallingRules(allow_premium=True))
        except JobError as error:
            raise JobError(error.code, f"from: {error.message}") from error

    def _gate(self, claim: Claim, request: CallRequest) -> Gate:
        """Pass the point of no return, waiting for a slot; anything but `go` has been dealt with."""
        while True:
            asked = self._clock()
            gate = self._ledger.send(claim, to=request.to, caller_id=request.caller_id)
            if gate.verdict == "go":
                if self._clock() - asked > SEND_WITHIN_S:
                    # Nothing has left, and nobody else may send before we say so.
                    self._ledger.release(claim, counts=False)
                    return Gate(verdict="lost", detail="late")
                return gate
            if gate.verdict != "wait":
                break
            if self._stopping.wait(gate.wait_s):
                self._ledger.release(claim)
                return gate
        if gate.verdict == "expired":
            self._finish(claim, State.EXPIRED, Code.NOT_AFTER_PASSED, None)
        elif gate.verdict == "busy":
            self._ledger.release(claim, delay_s=gate.wait_s)
        elif gate.verdict == "paused":
            self._ledger.release(claim)
        else:
            log.warning("claim lost before sending", extra={"job_id": claim.job.id, "detail": gate.detail})
        return gate

    def _place(self, claim: Claim, request: CallRequest, token: str, gate: Gate) -> None:
        try:
            call = self._api.place_call(request, token=token)
        except DialError as error:
            stopped = self._trouble.note(error)
            if isinstance(error, NotPlaced):
                self._not_placed(claim, error, token, gate.attempts, stopped=stopped)
            elif isinstance(error, Refused):
                self._refused(claim, error, gate, stopped=stopped)
            else:
                self._unknown(claim, error, gate)
        except Exception:
            log.exception("defect while the request may have been out", extra={"job_id": claim.job.id})
            self._finish(claim, State.UNCONFIRMED, Code.INTERNAL_ERROR, None)
        else:
            self._ledger.finish(
                claim,
                State.PLACED,
                Code.PLACED,
                http_status=call.http_status,
                conversation_id=call.conversation_id,
                correlation_id=call.correlation_id,
                ticket=gate.ticket,
                reading=call.reading,
            )
            log.info("placed", extra={"job_id": claim.job.id, "conversation": call.conversation_id})

    def _no_token(self, claim: Claim, error: NotPlaced) -> None:
        """Nothing was sent: the job waits, in its place if the fleet waits with it."""
        if error.code is Code.CREDENTIALS_REFUSED:
            self._stop_is_news(self._trouble.note(error), error)
            delay_s = None
        else:
            delay_s = error.retry_after_s or _NO_TOKEN_S
        self._ledger.release(claim, delay_s=delay_s, code=error.code, message=error.message)

    def _not_placed(self, claim: Claim, error: NotPlaced, token: str, attempts: int, *, stopped: bool) -> None:
        """The POST was certainly not accepted: put the job off, or give up when its attempts are used."""
        why: dict[str, Any] = {"code": error.code, "message": error.message}
        if error.code is Code.RATE_LIMITED:
            # The limit is everybody's: no attempt of this job's.
            wait_s = error.retry_after_s if error.retry_after_s is not None else _NO_RETRY_AFTER_S
            wait_s += random.uniform(0.1, 1)
            log.warning("rate limit: the fleet waits", extra={"job_id": claim.job.id, "wait_s": round(wait_s, 1)})
            self._pause.begin(Reason.RATE_LIMIT, error.message, for_s=wait_s)
            self._ledger.release(claim, counts=False, **why)
            return
        if error.code is Code.TOKEN_REFUSED:
            self._tokens.discard(token)
            if claim.last_code != Code.TOKEN_REFUSED:
                self._ledger.release(claim, counts=False, **why)
                return
        if stopped:
            self._stop_is_news(stopped, error)
            self._ledger.release(claim, counts=False, **why)
            return
        delay_s = max(backoff_s(attempts), error.retry_after_s or 0)
        used_up = attempts >= (claim.job.max_attempts or self._defaults.max_attempts)
        if used_up or claim.age_s + delay_s > self._defaults.retry_for_s:
            self._finish(claim, State.FAILED, error.code, f"{error.message} ({attempts} attempts)", error)
            return
        log.info("put off", extra={"job_id": claim.job.id, "code": error.code, "delay_s": round(delay_s, 1)})
        self._ledger.release(claim, delay_s=delay_s, **why)

    def _refused(self, claim: Claim, error: Refused, gate: Gate, *, stopped: bool) -> None:
        if stopped:
            self._stop_is_news(stopped, error)
            self._ledger.release(claim, counts=False, code=error.code, message=error.message)
            return
        self._finish(claim, State.REJECTED, error.code, error.message, error, gate)

    def _unknown(self, claim: Claim, error: DialError, gate: Gate) -> None:
        if self._defaults.redial and gate.attempts < (claim.job.max_attempts or self._defaults.max_attempts):
            delay_s = backoff_s(gate.attempts)
            self._ledger.release(claim, delay_s=delay_s, code=error.code, message=error.message)
            return
        self._finish(claim, State.UNCONFIRMED, error.code, error.message, error, gate)

    def _stop_is_news(self, stopped: bool, error: DialError) -> None:
        if stopped:
            log.error(
                "the fleet is stopped: %s Fix: %s", error.message, WORDS[error.code].fix, extra={"code": error.code}
            )

    def _finish(
        self,
        claim: Claim,
        state: State,
        code: Code,
        message: str | None,
        error: DialError | None = None,
        gate: Gate | None = None,
    ) -> None:
        self._ledger.finish(
            claim,
            state,
            code,
            message,
            http_status=error.http_status if error else None,
            correlation_id=error.correlation_id if error else None,
            ticket=gate.ticket if gate else 0,
            reading=error.reading if error and gate else None,
        )
        log.info(state, extra={"job_id": claim.job.id, "code": code})

    def _defect(self, claim: Claim) -> None:
        """A bug of ours that this job meets, before anything left: once more later, then never again."""
        if claim.last_code == Code.INTERNAL_ERROR:
            self._finish(claim, State.FAILED, Code.INTERNAL_ERROR, None)
        else:
            self._ledger.release(claim, delay_s=_BUG_DELAY_S, code=Code.INTERNAL_ERROR)


def backoff_s(attempts: int) -> float:
    """Seconds to wait after so many attempts: exponential with full jitter, at least a second.

    https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
    """
    most = min(_BACKOFF_MOST_S, _BACKOFF_FIRST_S * 2 ** min(attempts, 20))
    return 1 + random.uniform(0, most)
