"""A call as `GET /api/v2/conversations/calls/{id}` and its events show it: flat participants, without SIP codes.

The platform never fills the conversation's own `state` here (published SDK), so it is left out.
"""

from sandbox.simulator.calls import Call
from sandbox.simulator.legs import Leg, iso, legs

#: Values of `disconnectType` that the published SDK lists for events, but not for the answer to a request.
_ONLY_IN_EVENTS = frozenset({"timeout", "uncallable"})


def call_conversation(call: Call, now: float) -> dict[str, object]:
    """Return the `CallConversation` as it is at `now` (epoch seconds)."""
    participants = [_participant(call, leg) for leg in legs(call, now)]
    for participant in participants:
        if participant.get("disconnectType") in _ONLY_IN_EVENTS:
            participant["disconnectType"] = "other"
    self_uri = f"/api/v2/conversations/calls/{call.conversation_id}"
    return {**_conversation(call), "participants": participants, "selfUri": self_uri}


def call_event(call: Call, now: float) -> dict[str, object]:
    """Return the body of the event `v2.users.{id}.conversations.calls` as it is at `now` (epoch seconds)."""
    return {**_conversation(call), "participants": [_participant(call, leg) for leg in legs(call, now)]}


def _conversation(call: Call) -> dict[str, object]:
    return {"id": call.conversation_id, "otherMediaUris": [], "recordingState": "none", "maxParticipants": 100}


def _participant(call: Call, leg: Leg) -> dict[str, object]:
    participant: dict[str, object] = {
        "id": leg.participant_id,
        "purpose": leg.purpose,
        "state": leg.state,
        "direction": "outbound",
        "startTime": iso(leg.started_at),
        "held": leg.on_hold_since is not None,
        "muted": False,
        "confined": False,
        "recording": False,
        "wrapupRequired": False,
        "provider": "Edge",
        "dnis": f"tel:{call.to}",
        "attributes": {},
    }
    if call.from_:
        participant["ani"] = f"tel:{call.from_}"
    if leg.is_users:
        participant["user"] = {"id": call.user_id}
    else:
        participant.update(address=f"tel:{call.to}", attributes=dict(call.attributes))
    if call.queue_id:
        participant["queue"] = {"id": call.queue_id}
    if leg.connected_at is not None:
        participant["connectedTime"] = iso(leg.connected_at)
    if leg.on_hold_since is not None:
        participant["startHoldTime"] = iso(leg.on_hold_since)
    if leg.ended_at is not None:
        participant.update(endTime=iso(leg.ended_at), disconnectType=leg.disconnect_type)
    if leg.error is not None:
        participant["errorInfo"] = leg.error._asdict()
    return participant
