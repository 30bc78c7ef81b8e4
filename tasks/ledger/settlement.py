"""How an attempt ends: what becomes of its job, and what its answer tells of the API. Plain values.

`tasks.resolution` decides, and `Ledger.settle` carries it out in one step.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from tasks.codes import Code, State
from tasks.errors import RateReading
from tasks.fleet.breaker import Report


@dataclass(frozen=True, kw_only=True)
class End:
    """The job gets an outcome. Without a `message`, the words of its code stand in the record."""

    state: State
    code: Code
    message: str | None = None
    http_status: int | None = None
    conversation_id: str | None = None
    correlation_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Release:
    """The job goes back: due again after `delay_s`, or in its old place. Only for what was certainly not placed."""

    delay_s: float | None = None
    #: Whether a request that was sent counts as an attempt of this job.
    counts: bool = True
    code: Code | None = None
    message: str = ""


@dataclass(frozen=True, kw_only=True)
class RateLimitPause:
    """The fleet waits so long, because the API said so."""

    for_s: float
    message: str


@dataclass(frozen=True, kw_only=True)
class Settlement:
    """The end of one attempt."""

    action: End | Release
    #: In place of `action` when the breaker is open for this answer: it is not the job's own fault then.
    if_stopped: Release | None = None
    #: What the answer says of the API; None for what is no answer.
    report: Report | None = None
    pause: RateLimitPause | None = None
    #: What the answer told of the rate limit, and the number of the slot that the request used.
    reading: RateReading | None = None
    ticket: int = 0


class SettleResult(StrEnum):
    """What became of a settlement."""

    DONE = "done"
    #: It had been carried out before; its answer was lost.
    REPLAY = "replay"
    #: The claim was lost to somebody else, and the job was left alone.
    LOST = "lost"


@dataclass(frozen=True, kw_only=True)
class Settled:
    """`stopped`: the breaker is open for this answer. `action`: what was done to the job."""

    result: SettleResult
    stopped: bool
    action: End | Release = field(repr=False)
