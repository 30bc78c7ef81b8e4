"""A call as `GET /api/v2/analytics/conversations/…` shows it: sessions with segments and metrics, without attributes.

Values of `disconnectType` are in camel case here, and codes stand on the segment that ended the leg.
"""

import re

from sandbox.simulator.calls import Call
from sandbox.simulator.legs import Leg, iso, legs


def analytics_conversation(call: Call, now: float) -> dict[str, object]:
    """Return the `AnalyticsConversationWithoutAttributes` as it is at `now` (epoch seconds)."""
    body: dict[str, object] = {
        "conversationId": call.conversation_id,
        "conversationStart": iso(call.time),
        "conversationInitiator": "agent",
        "originatingDirection": "outbound",
        "participants": [_participant(call, leg, now) for leg in legs(call, now)],
    }
    if now >= call.course.ended_at:
        body["conversationEnd"] = iso(call.course.ended_at)
    return body


def _participant(call: Call, leg: Leg, now: float) -> dict[str, object]:
    steps = _steps(call, leg, now)
    session: dict[str, object] = {
        "sessionId": leg.call_id,
        "mediaType": "voice",
        "direction": "outbound",
        "provider": "Edge",
        "dnis": f"tel:{call.to}",
        "sessionDnis": f"tel:{call.to}",
        "segments": [_segment(leg, *step, last=step is steps[-1]) for step in steps],
        "metrics": _metrics(call, leg, steps),
    }
    if call.from_:
        session["ani"] = f"tel:{call.from_}"
    participant: dict[str, object] = {"participantId": leg.participant_id, "purpose": leg.purpose}
    if leg.is_users:
        participant["userId"] = call.user_id
    return {**participant, "sessions": [session]}


def _steps(call: Call, leg: Leg, now: float) -> list[tuple[str, float, float | None]]:
    """List the segments' types, starts and ends; the end of the one that goes on is None."""
    course = call.course
    starts: list[tuple[str, float | None]] = [
        ("contacting", course.accepted_at if leg.is_users else None),
        ("dialing", course.picked_up_at),
        ("interact", leg.connected_at),
        ("hold", leg.held_at if leg.connected_at is not None else None),
    ]
    known = [(kind, start) for kind, start in starts if start is not None and start <= now]
    # A call that was put on hold while it rang is on hold as soon as it is answered.
    known = [(kind, max(start, leg.connected_at or start) if kind == "hold" else start) for kind, start in known]
    ends: list[float | None] = [*(start for _, start in known[1:]), leg.ended_at]
    return [(kind, start, end) for (kind, start), end in zip(known, ends, strict=True)]


def _segment(leg: Leg, kind: str, start: float, end: float | None, *, last: bool) -> dict[str, object]:
    segment: dict[str, object] = {"segmentType": kind, "segmentStart": iso(start), "conference": False}
    if end is not None:
        segment["segmentEnd"] = iso(end)
    if last and leg.ended_at is not None:
        segment["disconnectType"] = re.sub(r"\.(.)", lambda match: match[1].upper(), leg.disconnect_type)
        codes = {kind: [reason.code for reason in leg.reasons if reason.type == kind] for kind in ("sip", "q850")}
        segment |= {f"{kind}ResponseCodes": found for kind, found in codes.items() if found}
        if leg.error is not None:
            segment["errorCode"] = leg.error.code
    return segment


_METRICS = {"contacting": "tContacting", "dialing": "tDialing", "interact": "tTalk", "hold": "tHeld"}


def _metrics(call: Call, leg: Leg, steps: list[tuple[str, float, float | None]]) -> list[dict[str, object]]:
    if not leg.is_users:
        return []
    metrics: list[dict[str, object]] = [{"name": "nOutbound", "value": 1, "emitDate": iso(call.time)}]
    if leg.connected_at is not None:
        metrics.append({"name": "nConnected", "value": 1, "emitDate": iso(leg.connected_at)})
    metrics += [
        {"name": _METRICS[kind], "value": round((end - start) * 1000), "emitDate": iso(end)}
        for kind, start, end in steps
        if end is not None
    ]
    return metrics
