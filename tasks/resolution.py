"""What an answer, or none, means for the job and for the fleet.

the error says           the job                                                        the fleet
Refused                  rejected; back to its place while the fleet is stopped for it  `trouble` counts
Unknown                  unconfirmed; put off only where the operator chose to redial   `trouble` counts
NotPlaced  rate limit    back to its place, the attempt not counted                     paused for Retry-After
           token refused back to its place at once, the first time                      `trouble` counts
           anything else put off, until its attempts or its time are used: failed       `trouble` counts
"""

import logging
import random
from dataclasses import dataclass
from typing import Final

from tasks.codes import WORDS, Code, State
from tasks.errors import DialError, NotPlaced, Refused
from tasks.fleet.breaker import Breaker
from tasks.fleet.pause import Pause, PauseReason
from tasks.genesys.call import PlacedCall
from tasks.ledger.ledger import Claim, Gate, Ledger

log = logging.getLogger("dialer.attempt")

_BACKOFF_FIRST_S: Final = 2.0
_BACKOFF_MOST_S: Final = 15 * 60.0
_BUG_DELAY_S: Final = 30.0
_NO_TOKEN_S: Final = 2.0
_REFUSED_DELAY_S: Final = 60.0
_NO_RETRY_AFTER_S: Final = 2.0  # the guide: "a default of 1-2 seconds"


@dataclass(frozen=True, kw_only=True)
class RetryPolicy:
    """How long a call that was certainly not placed is tried again."""

    max_attempts: int
    #: A job that is older than this, since it was first due, is not put off once more.
    retry_for_s: float
    #: Send a call again whose fate is unknown: at least once instead of at most once.
    redial: bool


class Resolution:
    """Writes what happened. Raises what the ledger raises when it is away."""

    def __init__(self, *, ledger: Ledger, pause: Pause, breaker: Breaker, retry_policy: RetryPolicy) -> None:
        self._ledger = ledger
        self._pause = pause
        self._breaker = breaker
        self._retry_policy = retry_policy

    def placed(self, claim: Claim, gate: Gate, call: PlacedCall) -> None:
        """Genesys Cloud accepted the call."""
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

    def failed(self, claim: Claim, gate: Gate, error: DialError) -> None:
        """The POST did not end in a call, as far as anybody knows."""
        if error.code is Code.RATE_LIMITED:
            self._rate_limited(claim, error)
            return
        # What it means for the fleet is asked first, and must not cost what is known of this job.
        stopped = self._ledger.retry_until_stored(self._breaker.note, error, claim.job)
        if stopped:
            fix = WORDS[error.code].fix
            log.error("the fleet is stopped: %s Fix: %s", error.message, fix, extra={"code": error.code})
        if isinstance(error, NotPlaced):
            self._not_placed(claim, gate, error, stopped=stopped)
        elif isinstance(error, Refused):
            if stopped:
                # Behind the others, so that the next probe is another job: this one may be refused for its own sake.
                self._put_off(claim, error, _REFUSED_DELAY_S, counts=False)
            else:
                self.end(claim, State.REJECTED, error.code, error.message, error=error, gate=gate)
        elif self._retry_policy.redial and not self._used_up(claim, gate.attempts):
            self._put_off(claim, error, backoff_s(gate.attempts))
        else:
            self.end(claim, State.UNCONFIRMED, error.code, error.message, error=error, gate=gate)

    def no_token(self, claim: Claim, error: NotPlaced) -> None:
        """Nothing was sent, for want of a token: no attempt of this job's."""
        if error.code is Code.CREDENTIALS_REFUSED:
            self._breaker.note(error, claim.job)
            fix = WORDS[error.code].fix
            log.error("the fleet is stopped: %s Fix: %s", error.message, fix, extra={"code": error.code})
            self._give_back(claim, error)
        else:
            self._put_off(claim, error, error.retry_after_s or _NO_TOKEN_S)

    def defect(self, claim: Claim) -> None:
        """A bug of ours that this job meets, before anything left: once more later, then never again."""
        if claim.last_code == Code.INTERNAL_ERROR:
            self.end(claim, State.FAILED, Code.INTERNAL_ERROR)
        else:
            self._ledger.release(claim, delay_s=_BUG_DELAY_S, code=Code.INTERNAL_ERROR)

    def end(
        self,
        claim: Claim,
        state: State,
        code: Code,
        message: str | None = None,
        *,
        error: DialError | None = None,
        gate: Gate | None = None,
    ) -> None:
        """Store an outcome other than `placed`."""
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

    def _rate_limited(self, claim: Claim, error: DialError) -> None:
        """The limit is everybody's, and so is the wait."""
        wait_s = error.retry_after_s if error.retry_after_s is not None else _NO_RETRY_AFTER_S
        wait_s += random.uniform(0.1, 1)  # users report 429s right after the wait
        log.warning("rate limit: the fleet waits", extra={"job_id": claim.job.id, "wait_s": round(wait_s, 1)})
        self._ledger.retry_until_stored(self._pause.begin, PauseReason.RATE_LIMIT, error.message, for_s=wait_s)
        self._ledger.retry_until_stored(self._breaker.note, error, claim.job)
        self._give_back(claim, error)

    def _not_placed(self, claim: Claim, gate: Gate, error: NotPlaced, *, stopped: bool) -> None:
        first_refusal = error.code is Code.TOKEN_REFUSED and claim.last_code != Code.TOKEN_REFUSED
        delay_s = max(backoff_s(gate.attempts), error.retry_after_s or 0)
        if stopped or first_refusal:
            self._give_back(claim, error)
        elif self._used_up(claim, gate.attempts) or claim.age_s + delay_s > self._retry_policy.retry_for_s:
            tried = f"{error.message} ({gate.attempts} attempts)"
            self.end(claim, State.FAILED, error.code, tried, error=error)
        else:
            self._put_off(claim, error, delay_s)

    def _used_up(self, claim: Claim, attempts: int) -> bool:
        return attempts >= (claim.job.max_attempts or self._retry_policy.max_attempts)

    def _give_back(self, claim: Claim, error: DialError) -> None:
        """To its old place, for it was not the job's fault."""
        self._ledger.release(claim, counts=False, code=error.code, message=error.message)

    def _put_off(self, claim: Claim, error: DialError, delay_s: float, *, counts: bool = True) -> None:
        log.info("put off", extra={"job_id": claim.job.id, "code": error.code, "delay_s": round(delay_s, 1)})
        self._ledger.release(claim, delay_s=delay_s, counts=counts, code=error.code, message=error.message)


def backoff_s(attempts: int) -> float:
    """Seconds to wait after so many attempts: exponential with full jitter, at least a second.

    https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
    """
    most = min(_BACKOFF_MOST_S, _BACKOFF_FIRST_S * 2 ** min(attempts, 20))
    return 1 + random.uniform(0, most)
