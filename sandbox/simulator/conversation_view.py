"""A call as `GET /api/v2/conversations/{id}` shows it: `participants[].calls[]`, with SIP and Q.850 codes."""

from sandbox.simulator.calls import Call
from sandbox.simulator.legs import Leg, iso, legs


def conversation(call: Call, now: float) -> dict[str, object]:
    """Return the `Conversation` as it is at `now` (epoch seconds)."""
    body: dict[str, object] = {
        "id": call.conversation_id,
        "startTime": iso(call.time),
        "participants": [_participant(call, leg) for leg in legs(call, now)],
        "recordingState": "NONE",
        "selfUri": f"/api/v2/conversations/{call.conversation_id}",
    }
    if now >= call.course.ended_at:
        body["endTime"] = iso(call.course.ended_at)
    return body


def _participant(call: Call, leg: Leg) -> dict[str, object]:
    participant: dict[str, object] = {
        "id": leg.participant_id,
        "purpose": leg.purpose,
        "startTime": iso(leg.started_at),
        "wrapupRequired": False,
        "attributes": {},
        "calls": [_call(call, leg)],
    }
    if leg.is_users:
        participant.update(userId=call.user_id, userUri=f"/api/v2/users/{call.user_id}")
    else:
        participant.update(address=f"tel:{call.to}", dnis=f"tel:{call.to}", attributes=dict(call.attributes))
    if call.queue_id:
        participant["queueId"] = call.queue_id
    if leg.connected_at is not None:
        participant["connectedTime"] = iso(leg.connected_at)
    if leg.ended_at is not None:
        participant["endTime"] = iso(leg.ended_at)
    return participant


def _call(call: Call, leg: Leg) -> dict[str, object]:
    dialed = {"addressNormalized": f"tel:{call.to}", "addressRaw": f"tel:{call.to}"}
    caller = {"addressNormalized": f"tel:{call.from_}", "addressRaw": f"tel:{call.from_}"} if call.from_ else {}
    body: dict[str, object] = {
        "id": leg.call_id,
        "state": leg.state,
        "initialState": "contacting" if leg.is_users else "dialing",
        "direction": "outbound",
        "held": leg.on_hold_since is not None,
        "muted": False,
        "confined": False,
        "recording": False,
        "provider": "Edge",
        "afterCallWorkRequired": False,
        # The dialed number is the callee's own address.
        "self": caller if leg.is_users else dialed,
        "other": dialed if leg.is_users else caller,
    }
    if leg.connected_at is not None:
        body["connectedTime"] = iso(leg.connected_at)
    if leg.on_hold_since is not None:
        body["startHoldTime"] = iso(leg.on_hold_since)
    if leg.ended_at is not None:
        body.update(disconnectedTime=iso(leg.ended_at), disconnectType=leg.disconnect_type)
        body["disconnectReasons"] = [reason._asdict() for reason in leg.reasons]
    if leg.error is not None:
        body["errorInfo"] = leg.error._asdict()
    return body
