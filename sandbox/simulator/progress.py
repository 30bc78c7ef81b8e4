"""How an accepted call proceeds over time, as `GET /api/v2/conversations/calls/{id}` shows it.

    user (or agent):         alerting ─▶ connected ─────────────▶ disconnected
    external (or customer):  (none)      dialing ─▶ connected ──▶ disconnected

The purposes are `user` and `external` without a queue, `agent` and `customer` with one. The platform never fills
the conversation's own `state` in this reply (published SDK), so it is left out.
"""

from datetime import UTC, datetime

from sandbox.simulator.behavior import Behavior
from sandbox.simulator.calls import Call, Callee

#: The `disconnectType` of a callee who never connects.
_FAILURE = {
    Callee.IS_BUSY: "endpoint",
    Callee.DOES_NOT_ANSWER: "timeout",
    Callee.CANNOT_BE_REACHED: "uncallable",
}


def conversation(call: Call, behavior: Behavior, now: float) -> dict[str, object]:
    """Return the conversation as it is at `now` (epoch seconds)."""
    user_at = call.time + behavior.alerting_s
    answer_at = user_at + behavior.dialing_s
    connects = call.callee not in _FAILURE
    end_at = answer_at + behavior.talking_s if connects else answer_at
    near, far = ("agent", "customer") if call.queue_id else ("user", "external")

    legs = [_leg("alerting", call.time, user_at, end_at, now, "client")]
    legs[0].update(purpose=near, user={"id": call.user_id})
    if call.callee is Callee.ANSWERS_ON_THE_SECOND_LEG:
        legs.append(_leg("dialing", call.time, None, call.time, now, "transport.failure") | {"purpose": far})
    if now >= user_at:
        ending = "peer" if connects else _FAILURE[call.callee]
        connected_at = answer_at if connects else None
        legs.append(_leg("dialing", user_at, connected_at, end_at, now, ending) | {"purpose": far})
    for number, leg in enumerate(legs):
        leg["id"] = f"{call.conversation_id}-{number}"
        if leg["purpose"] == far:
            leg.update(address=f"tel:{call.to}", ani=f"tel:{call.from_}", attributes=call.attributes)
    return {
        "id": call.conversation_id,
        "participants": legs,
        "selfUri": f"/api/v2/conversations/calls/{call.conversation_id}",
    }


def _leg(  # noqa: PLR0917 - the three times are in their order
    first_state: str, start: float, connected: float | None, end: float, now: float, ending: str
) -> dict[str, object]:
    leg: dict[str, object] = {"direction": "outbound", "startTime": _iso(start), "state": first_state}
    if connected is not None and now >= connected:
        leg.update(state="connected", connectedTime=_iso(connected))
    if now >= end:
        leg.update(state="disconnected", endTime=_iso(end), disconnectType=ending, disconnectReasons=[])
    return leg


def _iso(instant: float) -> str:
    return datetime.fromtimestamp(instant, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
