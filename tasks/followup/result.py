"""Decides what became of a call from its legs: how far it is, and how it ended.

Genesys Cloud calls the user's own phone first. The callee's leg exists only once that phone was picked up. Dead legs
stay in every answer and come first, so all legs of a purpose are looked at. The SIP codes follow RFC 3261 and
RFC 3398, the Q.850 causes ITU-T Q.850; which of them a trunk passes on differs.
"""

from typing import Final

from tasks.genesys.legs import CallLeg
from tasks.ledger.progress import Progress
from tasks.results import CallResult, CallState

_SIP: Final = {
    CallResult.BUSY: {486, 600},
    CallResult.NO_ANSWER: {408, 480, 487},
    CallResult.DECLINED: {603, 607, 608},
    CallResult.INVALID_NUMBER: {404, 410, 484, 604},
    CallResult.UNREACHABLE: {500, 502, 503, 504},
}
_Q850: Final = {
    CallResult.BUSY: {17},
    CallResult.NO_ANSWER: {18, 19},
    CallResult.DECLINED: {21},
    CallResult.INVALID_NUMBER: {1, 22, 28},
    CallResult.UNREACHABLE: {2, 3, 20, 27, 34, 38, 41, 42, 44},
}
_ERRORS: Final = {
    "error.ininedgecontrol.connection.dialplan.notReachable": CallResult.INVALID_NUMBER,
    "error.ininedgecontrol.connection.timeout": CallResult.NO_ANSWER,
    "error.ininedgecontrol.connection.noAvailableLines": CallResult.FAILED,
}
_DISCONNECTS: Final = {
    "timeout": CallResult.NO_ANSWER,
    "uncallable": CallResult.INVALID_NUMBER,
    "transport.failure": CallResult.UNREACHABLE,
    "error": CallResult.FAILED,
    "spam": CallResult.FAILED,
    # Somebody or something ended it before an answer, and the word does not tell why.
    **dict.fromkeys(("endpoint", "peer", "client", "system", "other", ""), CallResult.UNANSWERED),
    "endpoint.donotdisturb": CallResult.DECLINED,
}


def progress_of(legs: list[CallLeg]) -> Progress:
    """Return what the legs say; without any, that the user's phone is still being called."""
    users, callees = [leg for leg in legs if leg.is_users], [leg for leg in legs if not leg.is_users]
    user, callee = _telling(users), _telling(callees)
    answered_at = _answered_at(users, callees)
    if any(leg.ended_at is None for leg in legs) or not legs:
        return Progress(state=_state(user, callee, answered_at), answered_at=answered_at)
    ended_at = max(leg.ended_at for leg in legs if leg.ended_at is not None)
    if answered_at is not None:
        result, detail = CallResult.ANSWERED, _ended_by(user, callee)
    elif callee is None:
        result, detail = _never_dialed(user)
    else:
        result, detail = _not_answered(callee)
    rang_at = callee.started_at if callee else None
    return Progress(
        state=CallState.ENDED,
        result=result,
        detail=detail,
        answered_at=answered_at,
        ended_at=ended_at,
        ring_s=_between(rang_at, answered_at or ended_at),
        talk_s=_between(answered_at, (callee or user or legs[0]).ended_at),
    )


def _telling(legs: list[CallLeg]) -> CallLeg | None:
    """Return the leg that tells most: one that was connected, else the newest that goes on, else the last to end."""
    return max(
        legs,
        key=lambda leg: (leg.connected_at is not None, leg.ended_at is None, leg.ended_at or 0, leg.started_at or 0),
        default=None,
    )


def _answered_at(users: list[CallLeg], callees: list[CallLeg]) -> float | None:
    """Return when the callee answered; the user's leg knows it where the callee's is not shown."""
    for some in (callees, users):
        if known := [leg.connected_at for leg in some if leg.connected_at is not None]:
            return min(known)
    return None


def _state(user: CallLeg | None, callee: CallLeg | None, answered_at: float | None) -> CallState:
    if answered_at is not None:
        return CallState.CONNECTED
    return CallState.RINGING if callee or (user and user.is_dialing) else CallState.CONTACTING


def _never_dialed(user: CallLeg | None) -> tuple[CallResult, str]:
    """The callee's phone never rang: the user's own was missed, unless the platform says that something failed."""
    if user is None:
        return CallResult.NOT_KNOWN, ""
    known = _ERRORS.get(user.error_code)
    if user.error_code and known is not CallResult.NO_ANSWER:
        return known or CallResult.FAILED, f"error:{user.error_code}"
    return CallResult.AGENT_MISSED, _detail(user)


def _not_answered(callee: CallLeg) -> tuple[CallResult, str]:
    for kind, codes, table in (("sip", callee.sip, _SIP), ("q850", callee.q850, _Q850)):
        for code in codes:
            for result, meant in table.items():
                if code in meant:
                    return result, f"{kind}:{code}"
    if callee.error_code:
        return _ERRORS.get(callee.error_code, CallResult.FAILED), f"error:{callee.error_code}"
    return _DISCONNECTS.get(callee.disconnect_type, CallResult.NOT_KNOWN), _detail(callee)


def _detail(leg: CallLeg) -> str:
    if leg.error_code:
        return f"error:{leg.error_code}"
    return f"disconnect:{leg.disconnect_type}" if leg.disconnect_type else ""


def _ended_by(user: CallLeg | None, callee: CallLeg | None) -> str:
    """Return who hung up: the side whose own device ended its leg."""
    if user and user.disconnect_type == "client":
        return "hung_up_by:user"
    if callee and callee.disconnect_type == "endpoint":
        return "hung_up_by:callee"
    return _detail(callee) if callee else ""


def _between(start: float | None, end: float | None) -> float | None:
    return None if start is None or end is None else max(round(end - start, 3), 0.0)
