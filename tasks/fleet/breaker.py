"""The circuit breaker: a systemic failure pauses the fleet, and uses up no attempts.

    answers in a row                     tolerated    then the breaker opens: the fleet is paused, and sends one probe
    failed or unknown (an outage)        5            after 5 s, 10 s, … 60 s
    refused, with any code               5            the same
    credentials refused                  0            the same

The first call that is placed closes the breaker. While it is open, a refusal does not end a job, and a failure does
not count as an attempt. The answers are counted in Redis, in the step that settles the attempt
(`lua/parts/breaker.lua`).
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from tasks.codes import Code
from tasks.errors import DialError, Refused, Unknown
from tasks.job import Job

#: Up to this many bad answers in a row are attributed to the jobs themselves.
IN_A_ROW: Final = 5
#: The time between two probes: the first distance is doubled up to the longest.
FIRST_DISTANCE_S: Final = 5.0
LONGEST_DISTANCE_S: Final = 60.0

#: Refusals of a value that a job may set itself. If it does, the refusal concerns only that job, so that one wrong
#: producer does not pause the fleet.
_CALLER_ID: Final = frozenset({Code.INVALID_FROM_ADDRESS})
_USER: Final = frozenset({Code.NOT_FOUND, Code.NOT_A_USER, Code.NO_STATION})
#: Errors without an answer of the API.
_NO_ANSWER: Final = frozenset({Code.COULD_NOT_CONNECT, Code.NO_ANSWER_FROM_API, Code.CONNECTION_LOST})
_CREDENTIALS: Final = frozenset({Code.CREDENTIALS_REFUSED})


class FaultKind(StrEnum):
    """What a bad answer says about the API; the first three are reasons of a pause."""

    OUTAGE = "outage"
    REFUSAL = "refusal"
    CREDENTIALS = "credentials"
    #: The API is alive: its answer concerns only this job, or the rate limit.
    CLEAR = "clear"


@dataclass(frozen=True, kw_only=True)
class Report:
    """What one bad answer means for the breaker. `answered`: the API answered, which a time-out does not prove."""

    kind: FaultKind
    code: Code
    message: str
    answered: bool


def report_of(error: DialError, job: Job) -> Report:
    """Return what an error says about the API."""
    return Report(
        kind=_kind(error, job), code=error.code, message=error.message, answered=error.code not in _NO_ANSWER
    )


def _kind(error: DialError, job: Job) -> FaultKind:
    if error.code in _CREDENTIALS:
        return FaultKind.CREDENTIALS
    if (job.caller_id and error.code in _CALLER_ID) or (job.user_id and error.code in _USER):
        return FaultKind.CLEAR
    # Any other refusal may be a fault of the configuration, or of the platform, that affects every job. A new token
    # that is rejected is such a fault too.
    if isinstance(error, Refused) or error.code is Code.TOKEN_REFUSED:
        return FaultKind.REFUSAL
    if isinstance(error, Unknown) or error.code in {Code.COULD_NOT_CONNECT, Code.SERVICE_UNAVAILABLE}:
        return FaultKind.OUTAGE
    return FaultKind.CLEAR
