"""The course of an accepted call: who picks up, who answers, who hangs up, and when.

    accepted          picked up        answered         ended
    user (agent)      contacting ────▶ dialing ───────▶ connected ───▶ disconnected
    external (customer)                dialing ───────▶ connected ───▶ disconnected

The platform calls the user's own phone first. If nobody picks it up, the callee is never dialed. SIP and Q.850 codes
follow RFC 3398; `disconnectType` has the values of the published SDK.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple


class Durations(NamedTuple):
    """The steps of a call, in seconds."""

    contacting_s: float
    contacting_timeout_s: float
    dialing_s: float
    talking_s: float


class Result(StrEnum):
    """What becomes of a call; the values are words for the documentation."""

    USER_HANGS_UP = "the callee answers, and the user hangs up in the end"
    CALLEE_HANGS_UP = "the callee answers, and hangs up in the end"
    SECOND_LEG_ANSWERS = "a first leg fails and a second one is answered"
    BUSY = "the callee is busy"
    NO_ANSWER = "nobody answers"
    DECLINED = "the callee declines"
    INVALID = "the number turns out to be uncallable"
    NO_ROUTE = "no outbound route fits the number"
    USER_MISSES = "nobody picks up the user's own phone"


#: The results by the words that settings of the simulator use.
RESULTS: dict[str, Result] = {result.name.lower(): result for result in Result}


class Reason(NamedTuple):
    """One of `disconnectReasons[]`; `type` is `sip` or `q850`."""

    type: str
    code: int
    phrase: str


class ErrorInfo(NamedTuple):
    code: str
    message: str


class Ending(NamedTuple):
    """How a call ends: the `disconnectType` of the user's leg and of the callee's, and why."""

    user: str
    callee: str
    reasons: tuple[Reason, ...] = ()
    error: ErrorInfo | None = None
    answered: bool = False


_HUNG_UP: Final = (Reason("q850", 16, "Normal call clearing"),)

ENDINGS: Final = {
    Result.USER_HANGS_UP: Ending("client", "peer", _HUNG_UP, answered=True),
    Result.CALLEE_HANGS_UP: Ending("peer", "endpoint", _HUNG_UP, answered=True),
    Result.SECOND_LEG_ANSWERS: Ending("client", "peer", _HUNG_UP, answered=True),
    Result.BUSY: Ending("peer", "endpoint", (Reason("sip", 486, "Busy Here"), Reason("q850", 17, "User busy"))),
    Result.NO_ANSWER: Ending(
        "peer", "timeout", (Reason("sip", 487, "Request Terminated"), Reason("q850", 19, "No answer from user"))
    ),
    Result.DECLINED: Ending("peer", "endpoint", (Reason("sip", 603, "Decline"), Reason("q850", 21, "Call rejected"))),
    Result.INVALID: Ending(
        "peer", "uncallable", (Reason("sip", 404, "Not Found"), Reason("q850", 1, "Unallocated number"))
    ),
    Result.NO_ROUTE: Ending(
        "peer",
        "error",
        error=ErrorInfo("error.ininedgecontrol.connection.dialplan.notReachable", "The number is not reachable"),
    ),
    # Measured by a third party in a real organization, after about 60 seconds.
    Result.USER_MISSES: Ending(
        "error", "", error=ErrorInfo("error.ininedgecontrol.connection.timeout", "Call Connection Timeout")
    ),
}

#: How the first leg of SECOND_LEG_ANSWERS ends, at once.
DEAD_LEG: Final = Ending(
    "", "transport.failure", (Reason("sip", 503, "Service Unavailable"), Reason("q850", 41, "Temporary failure"))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallCourse:
    """The instants of one call, in epoch seconds; None for what never happens."""

    result: Result
    accepted_at: float
    picked_up_at: float | None
    answered_at: float | None
    ended_at: float

    @property
    def ending(self) -> Ending:
        return ENDINGS[self.result]

    def instants(self) -> list[float]:
        """List the instants at which the conversation changes, each once, in order."""
        known = {self.accepted_at, self.picked_up_at, self.answered_at, self.ended_at}
        return sorted(instant for instant in known if instant is not None)


def course_of(result: Result, accepted_at: float, durations: Durations) -> CallCourse:
    """Return the course of a call that was accepted at `accepted_at` (epoch seconds)."""
    if result is Result.USER_MISSES:
        return CallCourse(
            result=result,
            accepted_at=accepted_at,
            picked_up_at=None,
            answered_at=None,
            ended_at=accepted_at + durations.contacting_timeout_s,
        )
    picked_up_at = accepted_at + durations.contacting_s
    # A number without a route is never dialed: its leg ends within a millisecond.
    rang_until = picked_up_at + (0.001 if result is Result.NO_ROUTE else durations.dialing_s)
    answered = ENDINGS[result].answered
    return CallCourse(
        result=result,
        accepted_at=accepted_at,
        picked_up_at=picked_up_at,
        answered_at=rang_until if answered else None,
        ended_at=rang_until + (durations.talking_s if answered else 0),
    )
