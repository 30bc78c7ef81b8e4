"""Is a bad answer this job's own, or would every job meet it? The fleet stops before a backlog is burnt.

    answers in a row                     the jobs' own     then the fleet stops, and probes
    failed or unknown (an outage)        5                 after 5 s, 10 s, … 60 s, one at a time
    refused, whatever the code           5                 the same
    credentials refused                  0                 the same

until a call is placed. While it is stopped, no refusal ends a job, and no failure costs an attempt. The counting is
done in Redis, in the step that settles the attempt (`lua/parts/breaker.lua`).
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from tasks.codes import Code
from tasks.errors import DialError, Refused, Unknown
from tasks.job import Job

#: So many bad answers in a row are taken for the jobs' own.
IN_A_ROW: Final = 5
#: Between two probes: the first distance is doubled up to the longest.
FIRST_DISTANCE_S: Final = 5.0
LONGEST_DISTANCE_S: Final = 60.0

#: Refusals of what a job may bring along itself; then they are its own, and a wrong producer stops nobody else.
_CALLER_ID: Final = frozenset({Code.INVALID_FROM_ADDRESS})
_USER: Final = frozenset({Code.NOT_FOUND, Code.NOT_A_USER, Code.NO_STATION})
#: Nothing came back.
_NO_ANSWER: Final = frozenset({Code.COULD_NOT_CONNECT, Code.NO_ANSWER_FROM_API, Code.CONNECTION_LOST})
_CREDENTIALS: Final = frozenset({Code.CREDENTIALS_REFUSED})


class FaultKind(StrEnum):
    """What a bad answer says of the API; the first three are reasons of a pause."""

    OUTAGE = "outage"
    REFUSAL = "refusal"
    CREDENTIALS = "credentials"
    #: The API is alive: it answered, and what it said concerns this job alone, or the rate limit.
    CLEAR = "clear"


@dataclass(frozen=True, kw_only=True)
class Report:
    """What one bad answer tells the breaker. `answered`: it is an answer; a time-out ends no silence."""

    kind: FaultKind
    code: Code
    message: str
    answered: bool


def report_of(error: DialError, job: Job) -> Report:
    """Return what an answer that was no call says of the API."""
    return Report(
        kind=_kind(error, job), code=error.code, message=error.message, answered=error.code not in _NO_ANSWER
    )


def _kind(error: DialError, job: Job) -> FaultKind:
    if error.code in _CREDENTIALS:
        return FaultKind.CREDENTIALS
    if (job.caller_id and error.code in _CALLER_ID) or (job.user_id and error.code in _USER):
        return FaultKind.CLEAR
    # Whatever else the API refuses may be a fault of the configuration, or of the platform, that every job meets.
    # A token that was just fetched and is refused is one too.
    if isinstance(error, Refused) or error.code is Code.TOKEN_REFUSED:
        return FaultKind.REFUSAL
    if isinstance(error, Unknown) or error.code in {Code.COULD_NOT_CONNECT, Code.SERVICE_UNAVAILABLE}:
        return FaultKind.OUTAGE
    return FaultKind.CLEAR
