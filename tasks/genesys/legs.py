"""Reads the legs of a call from each form in which Genesys Cloud shows one.

    GET /conversations/calls/{id}, and events  participants[]: state, connectedTime, endTime, disconnectType, …
    GET /conversations/{id}                    participants[].calls[]: the same, and disconnectReasons[]
    GET /analytics/conversations/…/details     participants[].sessions[].segments[]: their kinds, times and codes

Sources: the models of the published SDK (CallConversation, Conversation, AnalyticsConversationWithoutAttributes). No
answer makes these functions raise: what cannot be read is left out.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
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
    #: The id of the user, on the user's leg; "" if it is not told.
    user_id: str = ""
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
    return [leg for participant in objects(body, "participants") for leg in _legs_of(participant, is_over=is_over)]


def users_of(legs: Iterable[CallLeg]) -> set[str]:
    """Return the ids of the users whose legs these are."""
    return {leg.user_id for leg in legs if leg.user_id}


def conversation_id_of(body: Mapping[str, Any]) -> str:
    """Return the id of the conversation that an answer or event shows, or an empty text."""
    return word(body.get("id")) or word(body.get("conversationId"))


def _legs_of(participant: Mapping[str, Any], *, is_over: bool) -> Iterator[CallLeg]:
    purpose = word(participant.get("purpose"))
    if purpose not in _USERS | _CALLEES:
        return
    is_users = purpose in _USERS
    user_id = _user_of(participant) if is_users else ""
    if "sessions" in participant:
        for session in objects(participant, "sessions"):
            if session.get("mediaType", "voice") == "voice":
                yield _from_session(session, is_users=is_users, user_id=user_id, is_over=is_over)
    elif "calls" in participant:
        for call in objects(participant, "calls"):
            yield _from_call(call, participant.get("startTime"), is_users=is_users, user_id=user_id)
    else:
        yield _from_call(participant, participant.get("startTime"), is_users=is_users, user_id=user_id)


def _from_call(call: Mapping[str, Any], started: object, *, is_users: bool, user_id: str) -> CallLeg:
    state = call.get("state")
    ended_at = instant_of(call.get("disconnectedTime")) or instant_of(call.get("endTime"))
    reasons = list(objects(call, "disconnectReasons"))
    error = call.get("errorInfo")
    return CallLeg(
        is_users=is_users,
        user_id=user_id,
        started_at=instant_of(started),
        connected_at=instant_of(call.get("connectedTime")),
        ended_at=ended_at,
        is_dialing=state == "dialing",
        disconnect_type=word(call.get("disconnectType")),
        sip=_codes([reason.get("code") for reason in reasons if reason.get("type") == "sip"]),
        q850=_codes([reason.get("code") for reason in reasons if reason.get("type") == "q850"]),
        error_code=word(error.get("code")) if isinstance(error, dict) else "",
    )


def _from_session(session: Mapping[str, Any], *, is_users: bool, user_id: str, is_over: bool) -> CallLeg:
    segments = list(objects(session, "segments"))
    starts = {
        word(segment.get("segmentType")): instant_of(segment.get("segmentStart")) for segment in reversed(segments)
    }
    known = [start for start in starts.values() if start is not None]
    talks = [start for kind, start in starts.items() if kind in _TALK and start is not None]
    last: Mapping[str, Any] = segments[-1] if segments else {}
    # A segment ends where the next one begins; only the end of the conversation, or a reason, ends the leg.
    over = is_over or "disconnectType" in last or "errorCode" in last
    return CallLeg(
        is_users=is_users,
        user_id=user_id,
        started_at=min(known, default=None),
        connected_at=min(talks, default=None),
        ended_at=instant_of(last.get("segmentEnd")) if over else None,
        is_dialing="dialing" in starts and not talks and not over,
        disconnect_type=_dotted(word(last.get("disconnectType"))),
        sip=_codes(last.get("sipResponseCodes")),
        q850=_codes(last.get("q850ResponseCodes")),
        error_code=word(last.get("errorCode")),
    )


def _user_of(participant: Mapping[str, Any]) -> str:
    """Return the id of the participant's user, which calls and events have in an object of its own."""
    user = participant.get("user")
    return word(participant.get("userId")) or (word(user.get("id")) if isinstance(user, dict) else "")


def objects(body: Mapping[str, Any], name: str) -> Iterator[dict[str, Any]]:
    """Yield the objects of a list; whatever else it has is left out."""
    value = body.get(name)
    for each in value if isinstance(value, list) else []:
        if isinstance(each, dict):
            yield each


def word(value: object) -> str:
    """Return a short text of the API, which goes into records and log lines; anything else gives ""."""
    return value if isinstance(value, str) and len(value) <= _LONGEST_WORD and value.isprintable() else ""


def _codes(value: object) -> tuple[int, ...]:
    return tuple(code for code in value if type(code) is int) if isinstance(value, list) else ()


def instant_of(value: object) -> float | None:
    """Return an instant of the API in epoch seconds; None if it is none."""
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
