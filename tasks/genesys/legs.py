"""Reads the legs of a call from each form in which Genesys Cloud shows one.

    GET /conversations/calls/{id}, and events  participants[]: state, connectedTime, endTime, disconnectType, …
    GET /conversations/{id}                    participants[].calls[]: the same, and disconnectReasons[]
    GET /analytics/conversations/…/details     participants[].sessions[].segments[]: their kinds, times and codes

Sources: the models of the published SDK (CallConversation, Conversation, AnalyticsConversationWithoutAttributes). No
answer makes these functions raise: what cannot be read is left out.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

_USERS: Final = frozenset({"user", "agent"})
_CALLEES: Final = frozenset({"external", "customer"})
_LONGEST_WORD: Final = 100
#: Segments that a leg has only once somebody has answered.
_TALK: Final = frozenset({"interact", "hold"})


@dataclass(frozen=True, kw_only=True)
class CallLeg:
    """One participant's part of a call. Instants are epoch seconds, None for what has not happened or is not told."""

    #: Whether it is the leg of the user (the agent), or of the callee.
    is_users: bool
    started_at: float | None = None
    #: On the user's leg, this too means that the callee answered.
    connected_at: float | None = None
    ended_at: float | None = None
    #: Whether the callee's phone is being called, as the user's leg tells it before the callee's leg exists.
    is_dialing: bool = False
    #: In the form of the SDK's calls, such as `transport.failure`; "" if the leg goes on or nothing is told.
    disconnect_type: str = ""
    sip: tuple[int, ...] = ()
    q850: tuple[int, ...] = ()
    error_code: str = ""


def read_legs(body: Mapping[str, Any]) -> list[CallLeg]:
    """Return the legs of the user and of the callee in the order of the answer, whichever form it has."""
    is_over = "conversationEnd" in body
    return [leg for participant in _objects(body, "participants") for leg in _legs_of(participant, is_over=is_over)]


def conversation_id_of(body: Mapping[str, Any]) -> str:
    """Return the id of the conversation that an answer or event shows, or an empty text."""
    return _word(body.get("id")) or _word(body.get("conversationId"))


def _legs_of(participant: Mapping[str, Any], *, is_over: bool) -> Iterator[CallLeg]:
    purpose = _word(participant.get("purpose"))
    if purpose not in _USERS | _CALLEES:
        return
    is_users = purpose in _USERS
    if "sessions" in participant:
        for session in _objects(participant, "sessions"):
            if session.get("mediaType", "voice") == "voice":
                yield _from_session(session, is_users=is_users, is_over=is_over)
    elif "calls" in participant:
        for call in _objects(participant, "calls"):
            yield _from_call(call, participant.get("startTime"), is_users=is_users)
    else:
        yield _from_call(participant, participant.get("startTime"), is_users=is_users)


def _from_call(call: Mapping[str, Any], started: object, *, is_users: bool) -> CallLeg:
    state = call.get("state")
    ended_at = _instant(call.get("disconnectedTime")) or _instant(call.get("endTime"))
    reasons = list(_objects(call, "disconnectReasons"))
    error = call.get("errorInfo")
    return CallLeg(
        is_users=is_users,
        started_at=_instant(started),
        connected_at=_instant(call.get("connectedTime")),
        ended_at=ended_at,
        is_dialing=state == "dialing",
        disconnect_type=_word(call.get("disconnectType")),
        sip=_codes([reason.get("code") for reason in reasons if reason.get("type") == "sip"]),
        q850=_codes([reason.get("code") for reason in reasons if reason.get("type") == "q850"]),
        error_code=_word(error.get("code")) if isinstance(error, dict) else "",
    )


def _from_session(session: Mapping[str, Any], *, is_users: bool, is_over: bool) -> CallLeg:
    segments = list(_objects(session, "segments"))
    starts = {
        _word(segment.get("segmentType")): _instant(segment.get("segmentStart")) for segment in reversed(segments)
    }
    known = [start for start in starts.values() if start is not None]
    talks = [start for kind, start in starts.items() if kind in _TALK and start is not None]
    last: Mapping[str, Any] = segments[-1] if segments else {}
    # A segment ends where the next one begins; only the end of the conversation, or a reason, ends the leg.
    over = is_over or "disconnectType" in last or "errorCode" in last
    return CallLeg(
        is_users=is_users,
        started_at=min(known, default=None),
        connected_at=min(talks, default=None),
        ended_at=_instant(last.get("segmentEnd")) if over else None,
        is_dialing="dialing" in starts and not talks and not over,
        disconnect_type=_dotted(_word(last.get("disconnectType"))),
        sip=_codes(last.get("sipResponseCodes")),
        q850=_codes(last.get("q850ResponseCodes")),
        error_code=_word(last.get("errorCode")),
    )


def _objects(body: Mapping[str, Any], name: str) -> Iterator[dict[str, Any]]:
    value = body.get(name)
    for each in value if isinstance(value, list) else []:
        if isinstance(each, dict):
            yield each


def _word(value: object) -> str:
    """Return a short text of the API, which goes into records and log lines; anything else gives ""."""
    return value if isinstance(value, str) and len(value) <= _LONGEST_WORD and value.isprintable() else ""


def _codes(value: object) -> tuple[int, ...]:
    return tuple(code for code in value if type(code) is int) if isinstance(value, list) else ()


def _instant(value: object) -> float | None:
    if not isinstance(value, str):
        return None
    try:
        instant = datetime.fromisoformat(value)
        return instant.timestamp() if instant.tzinfo else None
    except (ValueError, OverflowError):
        return None


def _dotted(word: str) -> str:
    """Return `transportFailure`, as analytics writes it, as `transport.failure`."""
    known = {"dndEndpoint": "endpoint.donotdisturb", "dndTransfer": "transfer.donotdisturb"}
    if word.endswith("Transfer") and word not in known:
        return f"transfer.{word.removesuffix('Transfer').lower()}"
    return known.get(word) or re.sub(r"([A-Z])", lambda match: "." + match[1].lower(), word)
