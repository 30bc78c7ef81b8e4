"""The one exit of an attempt: what happened means this for its job and for the fleet.

what happened                 the job                                                          the breaker
placed                        placed                                                           closes
Refused                       rejected; back to its place while the breaker is open for it     counts
Unknown                       unconfirmed; retried only where the operator chose redial        counts
NotPlaced  rate limit         back to its place, the attempt not counted; the fleet is paused  the API is alive
           first 401          back to its place, the attempt not counted                       counts
           anything else      retried later, until its attempts or its time are used: failed   counts
                              back to its place while the breaker is open for it
no token   credentials        back to its place                                                opens
           for now            retried after some seconds
its number, or its caller ID  rejected
nothing was sent              back to its place; later where the pace is full; expired when its not_after has passed
a defect   before sending     retried once, then failed
           while sending      unconfirmed

`decide` is pure: it knows neither queue, nor store, nor wire. `Ledger.settle` carries its decision out.
"""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from tasks.codes import Code, State
from tasks.errors import DialError, JobError, NotPlaced, Refused
from tasks.fleet.breaker import report_of
from tasks.genesys.call import PlacedCall
from tasks.ledger.claim import Claim, Gate, GateVerdict
from tasks.ledger.settlement import End, RateLimitPause, Release, Settlement

_BACKOFF_FIRST_S: Final = 2.0
_BACKOFF_MOST_S: Final = 15 * 60.0
_BUG_DELAY_S: Final = 30.0
_NO_TOKEN_S: Final = 2.0
_NO_RETRY_AFTER_S: Final = 2.0  # the guide: "a default of 1-2 seconds"


@dataclass(frozen=True, kw_only=True)
class RetryPolicy:
    """How long a call that was certainly not placed is tried again."""

    max_attempts: int
    #: A job that is older than this, since it was first due, is not retried any more.
    retry_for_s: float
    #: Send a call again whose fate is unknown: at least once instead of at most once.
    redial: bool


@dataclass(frozen=True, kw_only=True)
class Answered:
    """The request was sent, or may have been: the call, or the error; None if a defect of ours hid the answer."""

    gate: Gate
    result: PlacedCall | DialError | None


@dataclass(frozen=True, kw_only=True)
class NoToken:
    """There was no token to call with."""

    error: NotPlaced


class Halt(Enum):
    """The attempt ended before its request left."""

    #: The worker shuts down.
    STOPPING = auto()
    #: The process was frozen between the ledger's `go` and the request.
    LATE = auto()
    #: Redis did not answer `send`; it may have noted `sending`.
    SEND_UNANSWERED = auto()
    #: Workers die with this job, or it cannot be read: `Claim.poison` says which.
    POISON = auto()
    #: A bug of ours.
    DEFECT = auto()


#: A `JobError` is a job that may not be called; a `Gate` one that says neither `go`, nor `wait`, nor `lost`.
Event = Answered | NoToken | JobError | Gate | Halt


def decide(event: Event, claim: Claim, policy: RetryPolicy, *, jitter: float) -> Settlement:
    """Return how the attempt ends. `jitter` is a random number from 0 to 1, drawn anew for each decision."""
    match event:
        case Answered():
            return _after_sending(event, claim, policy, jitter)
        case NoToken(error=error):
            return _without_token(error, claim)
        case JobError():
            return Settlement(action=End(state=State.REJECTED, code=event.code, message=event.message))
        case Gate():
            return Settlement(action=_behind_a_closed_gate(event))
        case Halt():
            return Settlement(action=_halted(event, claim))


def backoff_s(attempts: int, jitter: float) -> float:
    """Seconds to wait after so many attempts: exponential with full jitter, at least a second.

    https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
    """
    return 1 + jitter * min(_BACKOFF_MOST_S, _BACKOFF_FIRST_S * 2.0 ** min(attempts, 20))


def _after_sending(event: Answered, claim: Claim, policy: RetryPolicy, jitter: float) -> Settlement:
    gate, result = event.gate, event.result
    if result is None:
        return Settlement(action=End(state=State.UNCONFIRMED, code=Code.INTERNAL_ERROR))
    if isinstance(result, PlacedCall):
        placed = End(
            state=State.PLACED,
            code=Code.PLACED,
            http_status=result.http_status,
            conversation_id=result.conversation_id,
            correlation_id=result.correlation_id,
        )
        return Settlement(action=placed, reading=result.reading, ticket=gate.ticket)
    action, if_stopped = _actions(result, gate, claim, policy, jitter)
    return Settlement(
        action=action,
        if_stopped=if_stopped,
        report=report_of(result, claim.job),
        pause=_pause(result, jitter),
        reading=result.reading if isinstance(action, End) else None,
        ticket=gate.ticket,
    )


def _actions(
    error: DialError, gate: Gate, claim: Claim, policy: RetryPolicy, jitter: float
) -> tuple[End | Release, Release | None]:
    """What becomes of the job, and what instead while the breaker is open for this error."""
    used_up = gate.attempts >= (claim.job.max_attempts or policy.max_attempts)
    delay_s = backoff_s(gate.attempts, jitter)
    in_its_place = _release(error, counts=False)
    if isinstance(error, Refused):
        return _end(State.REJECTED, error), in_its_place
    if not isinstance(error, NotPlaced):
        retried = policy.redial and not used_up
        return _release(error, delay_s) if retried else _end(State.UNCONFIRMED, error), None
    first_refusal = error.code is Code.TOKEN_REFUSED and claim.last_code != Code.TOKEN_REFUSED
    if error.code is Code.RATE_LIMITED or first_refusal:
        return in_its_place, in_its_place
    delay_s = max(delay_s, error.retry_after_s or 0)
    if used_up or claim.age_s + delay_s > policy.retry_for_s:
        return _end(State.FAILED, error, f"{error.message} ({gate.attempts} attempts)"), in_its_place
    return _release(error, delay_s), in_its_place


def _pause(error: DialError, jitter: float) -> RateLimitPause | None:
    """The limit is everybody's, and so is the wait. Users report 429s right after it: hence up to a second more."""
    if error.code is not Code.RATE_LIMITED:
        return None
    asked_s = error.retry_after_s if error.retry_after_s is not None else _NO_RETRY_AFTER_S
    return RateLimitPause(for_s=asked_s + 0.1 + 0.9 * jitter, message=error.message)


def _without_token(error: NotPlaced, claim: Claim) -> Settlement:
    """Nothing was sent: no attempt of this job's."""
    if error.code is Code.CREDENTIALS_REFUSED:
        return Settlement(action=_release(error, counts=False), report=report_of(error, claim.job))
    return Settlement(action=_release(error, error.retry_after_s or _NO_TOKEN_S))


def _behind_a_closed_gate(gate: Gate) -> End | Release:
    if gate.verdict is GateVerdict.EXPIRED:
        return End(state=State.EXPIRED, code=Code.NOT_AFTER_PASSED)
    return Release(delay_s=gate.wait_s if gate.verdict is GateVerdict.BUSY else None)


def _halted(halt: Halt, claim: Claim) -> End | Release:
    if halt is Halt.POISON:
        return End(state=State.FAILED, code=Code.INTERNAL_ERROR, message=claim.poison)
    if halt is Halt.DEFECT:
        if claim.last_code == Code.INTERNAL_ERROR:
            return End(state=State.FAILED, code=Code.INTERNAL_ERROR)
        return Release(delay_s=_BUG_DELAY_S, code=Code.INTERNAL_ERROR)
    # Certainly not sent, whatever the ledger noted.
    return Release(counts=False)


def _end(state: State, error: DialError, message: str | None = None) -> End:
    return End(
        state=state,
        code=error.code,
        message=message or error.message,
        http_status=error.http_status,
        correlation_id=error.correlation_id,
    )


def _release(error: DialError, delay_s: float | None = None, *, counts: bool = True) -> Release:
    return Release(delay_s=delay_s, counts=counts, code=error.code, message=error.message)
