"""The claim of a worker to a job, and the ledger's answers to `claim` and `send`."""

from dataclasses import dataclass
from enum import StrEnum

from tasks.job import Job


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A worker's right to dial a job. It is valid until the lease ends, or until the job has a higher fence."""

    job: Job
    fence: int
    #: The code of the last attempt if it gave the job no outcome, or "".
    last_code: str
    #: The time since the job was first due.
    age_s: float
    #: Why the job must not be tried again, or "": several workers died with it, or it cannot be read.
    poison: str = ""


class DeclineReason(StrEnum):
    """Why a worker has nothing to do for a nudge."""

    #: Another worker has claimed the job, or it has an outcome.
    DUPLICATE = "duplicate"
    #: The job is due later: it was rescheduled after this nudge was sent.
    EARLY = "early"
    #: The job has no record.
    UNKNOWN = "unknown"
    #: The fleet is paused; the job keeps its place.
    PAUSED = "paused"


@dataclass(frozen=True, kw_only=True)
class Declined:
    """The job was not claimed; `detail` is the state of the job, or the reason of the pause."""

    reason: DeclineReason
    detail: str


class GateVerdict(StrEnum):
    """Whether the request may be sent."""

    GO = "go"
    #: A slot of the pace is reserved; ask again at its time.
    WAIT = "wait"
    #: There is no free slot within the longest wait.
    BUSY = "busy"
    PAUSED = "paused"
    #: Each user who may place the call has as many calls as allowed, or is set aside.
    USER_BUSY = "user_busy"
    #: The job's not_after has passed.
    EXPIRED = "expired"
    #: The worker has lost the claim, or the job has an outcome.
    LOST = "lost"


@dataclass(frozen=True, kw_only=True)
class Gate:
    """The answer to `send`. The request may be sent only after `go`."""

    verdict: GateVerdict
    #: `wait`, `busy`, `paused`: the time to wait; None if it is not known.
    wait_s: float | None = None
    #: `go`: the user on whose behalf the call is placed.
    user: str = ""
    #: `go`: the number of requests that were sent for the job, including this one.
    attempts: int = 0
    #: `go`: the number of the slot, for the rate limit headers of the answer.
    ticket: int = 0
    #: `paused`: the reason; `lost`: the state of the job.
    detail: str = ""
