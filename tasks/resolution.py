"""Decides how an attempt ends: what its result means for the job and for the fleet.

result                         the job                                                          the breaker
placed                         placed                                                           closes
Refused                        rejected; breaker open: requeued in its place, not counted       counts it
Unknown                        unconfirmed; retried only with DIALER_AMBIGUOUS=redial           counts it
NotPlaced  rate limit          requeued in its place, not counted as an attempt; fleet paused   API is alive
           first 401           requeued in its place, not counted as an attempt                 counts it
           other               retried later; failed when its attempts or its time are used up  counts it
                               breaker open: requeued in its place, not counted as an attempt
no token   credentials         requeued in its place                                            opens
           temporary failure   retried after some seconds
invalid number or caller ID    rejected
not sent   paused, shutdown    requeued in its place
           no slot in time     due later
           no user is free     waits for a user
           not_after passed    expired
a defect   before sending      retried once, then failed
           while sending       unconfirmed

`decide` is a pure function that depends on no queue, store or HTTP library. `Ledger.settle` carries out its decision.
"""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from config.values import Profile
from tasks.codes import WORDS, Code, State, fix_of
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
    """How often and for how long a call that was certainly not placed is retried."""

    max_attempts: int
    #: A job is not retried later than this after it was first due.
    retry_for_s: float
    #: Whether a call without a clear answer is sent again: at least once instead of at most once.
    redial: bool
    #: The profile in whose words the hints of refusals are written.
    profile: Profile = Profile.GUIDE


@dataclass(frozen=True, kw_only=True)
class Answered:
    """The request was sent, or may have been sent. `result` is None if a defect in Dialer hid the answer."""

    gate: Gate
    result: PlacedCall | DialError | None


@dataclass(frozen=True, kw_only=True)
class NoToken:
    """No token was available for the call."""

    error: NotPlaced


class Halt(Enum):
    """Why an attempt ended before its request was sent."""

    #: The worker shuts down.
    STOPPING = auto()
    #: The process was suspended between the ledger's `go` and the request.
    LATE = auto()
    #: Redis did not answer `send`, but may have stored `sending`.
    SEND_UNANSWERED = auto()
    #: Several workers died with this job, or it cannot be read; `Claim.poison` has the reason.
    POISON = auto()
    #: A defect in Dialer.
    DEFECT = auto()


#: The result of an attempt. A `JobError` means that the job may not be called. The verdict of a `Gate` is `busy`,
#: `user_busy`, `paused` or `expired` here.
Event = Answered | NoToken | JobError | Gate | Halt


def decide(event: Event, claim: Claim, policy: RetryPolicy, *, jitter: float) -> Settlement:
    """Return how the attempt ends. `jitter` is a random number from 0 to 1, a new one for each decision."""
    match event:
        case Answered():
            return _after_sending(event, claim, policy, jitter)
        case NoToken(error=error):
            return _without_token(error, claim)
        case JobError():
            return Settlement(action=End(state=State.REJECTED, code=event.code, message=event.message))
        case Gate():
            return Settlement(action=_not_sent(event))
        case Halt():
            return Settlement(action=_halted(event, claim))


def backoff_s(attempts: int, jitter: float) -> float:
    """Return the seconds to wait after this number of attempts: exponential with full jitter, at least a second.

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
    """Return what happens to the job, and what happens instead while the breaker is open for this error."""
    used_up = gate.attempts >= (claim.job.max_attempts or policy.max_attempts)
    delay_s = backoff_s(gate.attempts, jitter)
    in_its_place = _release(error, counts=False)
    if isinstance(error, Refused):
        return _end(State.REJECTED, error, policy), in_its_place
    if not isinstance(error, NotPlaced):
        retried = policy.redial and not used_up
        return _release(error, delay_s) if retried else _end(State.UNCONFIRMED, error, policy), None
    first_refusal = error.code is Code.TOKEN_REFUSED and claim.last_code != Code.TOKEN_REFUSED
    if error.code is Code.RATE_LIMITED or first_refusal:
        return in_its_place, in_its_place
    delay_s = max(delay_s, error.retry_after_s or 0)
    if used_up or claim.age_s + delay_s > policy.retry_for_s:
        return _end(State.FAILED, error, policy, f"{error.message} ({gate.attempts} attempts)"), in_its_place
    return _release(error, delay_s), in_its_place


def _pause(error: DialError, jitter: float) -> RateLimitPause | None:
    """Return the pause of the fleet after a 429, with up to a second more: users report 429s right after the wait."""
    if error.code is not Code.RATE_LIMITED:
        return None
    asked_s = error.retry_after_s if error.retry_after_s is not None else _NO_RETRY_AFTER_S
    return RateLimitPause(for_s=asked_s + 0.1 + 0.9 * jitter, message=error.message)


def _without_token(error: NotPlaced, claim: Claim) -> Settlement:
    """Requeue the job: nothing was sent."""
    if error.code is Code.CREDENTIALS_REFUSED:
        return Settlement(action=_release(error, counts=False), report=report_of(error, claim.job))
    return Settlement(action=_release(error, error.retry_after_s or _NO_TOKEN_S))


def _not_sent(gate: Gate) -> End | Release:
    if gate.verdict is GateVerdict.EXPIRED:
        return End(state=State.EXPIRED, code=Code.NOT_AFTER_PASSED)
    if gate.verdict is GateVerdict.USER_BUSY:
        return Release(code=Code.USER_BUSY, message=WORDS[Code.USER_BUSY].meaning, waits_for_user=True)
    return Release(delay_s=gate.wait_s if gate.verdict is GateVerdict.BUSY else None)


def _halted(halt: Halt, claim: Claim) -> End | Release:
    if halt is Halt.POISON:
        return End(state=State.FAILED, code=Code.INTERNAL_ERROR, message=claim.poison)
    if halt is Halt.DEFECT:
        if claim.last_code == Code.INTERNAL_ERROR:
            return End(state=State.FAILED, code=Code.INTERNAL_ERROR)
        return Release(delay_s=_BUG_DELAY_S, code=Code.INTERNAL_ERROR)
    # The request was certainly not sent, even if the ledger stored `sending`.
    return Release(counts=False)


def _end(state: State, error: DialError, policy: RetryPolicy, message: str | None = None) -> End:
    return End(
        state=state,
        code=error.code,
        message=message or error.message,
        hint=fix_of(error.code, policy.profile),
        http_status=error.http_status,
        correlation_id=error.correlation_id,
    )


def _release(error: DialError, delay_s: float | None = None, *, counts: bool = True) -> Release:
    return Release(delay_s=delay_s, counts=counts, code=error.code, message=error.message)
