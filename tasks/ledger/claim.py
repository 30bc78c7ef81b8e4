"""What a worker holds of a job, and the ledger's answers to its claim and to its last question before the call."""

from dataclasses import dataclass
from enum import StrEnum

from tasks.job import Job


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A worker's right to dial a job, until its lease ends or somebody holds a higher fence."""

    job: Job
    fence: int
    #: POSTs so far.
    attempts: int
    #: Why the last attempt did not end it, or "".
    last_code: str
    #: Since it was first due.
    age_s: float
    #: Why nobody should try it any more, or "": workers die with it, or it cannot be read.
    poison: str = ""


class DeclineReason(StrEnum):
    """Why there is nothing to do for a nudge."""

    #: A worker has the job, or it has an outcome.
    DUPLICATE = "duplicate"
    #: The job was released for later after this nudge was sent.
    EARLY = "early"
    UNKNOWN = "unknown"
    #: The fleet is paused; the job waits in its place.
    PAUSED = "paused"


@dataclass(frozen=True, kw_only=True)
class Declined:
    """No claim; `detail` is the job's state, or the reason of the pause."""

    reason: DeclineReason
    detail: str


class GateVerdict(StrEnum):
    """Whether the request may leave."""

    GO = "go"
    #: A slot of the pace is reserved; ask again when it has come.
    WAIT = "wait"
    #: No slot within the longest wait.
    BUSY = "busy"
    PAUSED = "paused"
    #: The job's not_after has passed.
    EXPIRED = "expired"
    #: The claim is another worker's, or the job has an outcome.
    LOST = "lost"


@dataclass(frozen=True, kw_only=True)
class Gate:
    """The answer to `send`. Only after `go` may the request leave."""

    verdict: GateVerdict
    #: `wait`, `busy`, `paused`: how long; None when nobody knows.
    wait_s: float | None = None
    #: `go`: POSTs so far, this one included.
    attempts: int = 0
    #: `go`: the number of the slot, for the rate reading that the answer may bring.
    ticket: int = 0
    #: `paused`: the reason; `lost`: the job's state.
    detail: str = ""
