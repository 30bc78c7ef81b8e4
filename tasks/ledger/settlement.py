"""How an attempt ends: what happens to the job, and what the answer means for the fleet. These are plain values.

`tasks.resolution` decides on a settlement, and `Ledger.settle` carries it out in one step.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from tasks.codes import Code, State
from tasks.errors import RateReading
from tasks.fleet.breaker import Report


@dataclass(frozen=True, kw_only=True)
class End:
    """The job gets an outcome. Without `message` and `hint`, the record has the meaning and the fix of the code."""

    state: State
    code: Code
    message: str | None = None
    hint: str | None = None
    http_status: int | None = None
    conversation_id: str | None = None
    correlation_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Release:
    """The call was certainly not placed: the job is requeued, due after `delay_s` or in its old place."""

    delay_s: float | None = None
    #: Whether a request that was sent counts as an attempt.
    counts: bool = True
    code: Code | None = None
    message: str = ""
    #: The job waits until one of its users is free, and not for a time.
    waits_for_user: bool = False


@dataclass(frozen=True, kw_only=True)
class RateLimitPause:
    """The pause of the fleet that the API asked for."""

    for_s: float
    message: str


@dataclass(frozen=True, kw_only=True)
class Settlement:
    """How one attempt ends."""

    action: End | Release
    #: Used in place of `action` if the breaker is open for this answer: the failure is then systemic.
    if_stopped: Release | None = None
    #: What the answer means for the circuit breaker; None if there is nothing to report.
    report: Report | None = None
    pause: RateLimitPause | None = None
    #: The rate limit headers of the answer, and the number of the slot that the request used.
    reading: RateReading | None = None
    ticket: int = 0


class SettleResult(StrEnum):
    """Whether a settlement was carried out."""

    DONE = "done"
    #: It was already carried out, and Redis' reply was lost.
    REPLAY = "replay"
    #: The claim was lost, and the job was not changed.
    LOST = "lost"


@dataclass(frozen=True, kw_only=True)
class Settled:
    """The result of `settle`. `stopped`: the breaker is open for this answer. `action`: what was done to the job."""

    result: SettleResult
    stopped: bool
    action: End | Release = field(repr=False)
