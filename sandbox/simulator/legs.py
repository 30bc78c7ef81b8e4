"""The legs of a call at one instant, which each endpoint and each event writes in a form of its own.

The purposes are `user` and `external` without a queue, `agent` and `customer` with one. Ids are UUIDs. Dead legs
stay, and come before the living one.
"""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

from sandbox.simulator.calls import Call
from sandbox.simulator.course import DEAD_LEG, Ending, ErrorInfo, Reason, Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One participant's part of a call; instants are epoch seconds, None for what has not happened yet."""

    participant_id: str
    call_id: str
    is_users: bool
    purpose: str
    state: str
    started_at: float
    connected_at: float | None
    held_at: float | None
    ended_at: float | None
    disconnect_type: str
    reasons: tuple[Reason, ...]
    error: ErrorInfo | None

    @property
    def on_hold_since(self) -> float | None:
        """Epoch seconds; None unless it is on hold now."""
        return self.held_at if self.ended_at is None else None


def legs(call: Call, now: float) -> list[Leg]:
    """Return the legs as they are at `now` (epoch seconds): the user's first, then the callee's, if there is one."""
    course = call.course
    found = [_users_leg(call, now)]
    if course.picked_up_at is not None and now >= course.picked_up_at:
        if course.result is Result.SECOND_LEG_ANSWERS:
            found.append(_callees_leg(call, now, number=1, ended_at=course.picked_up_at, ending=DEAD_LEG))
        found.append(_callees_leg(call, now, number=len(found), ended_at=course.ended_at, ending=course.ending))
    return found


def iso(instant: float) -> str:
    """Write an instant as the platform does: UTC, with milliseconds and `Z`."""
    return datetime.fromtimestamp(instant, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _users_leg(call: Call, now: float) -> Leg:
    course = call.course
    missed = course.picked_up_at is None
    if now >= course.ended_at:
        state = "terminated" if missed else "disconnected"
    elif course.answered_at is not None and now >= course.answered_at:
        state = "connected"
    elif course.picked_up_at is not None and now >= course.picked_up_at:
        state = "dialing"
    else:
        state = "contacting"
    ended_at = _past(course.ended_at, now)
    return Leg(
        participant_id=_id(call, "participant", 0),
        call_id=_id(call, "call", 0),
        is_users=True,
        purpose="agent" if call.queue_id else "user",
        state=state,
        started_at=course.accepted_at,
        # "connected" means on this leg that the callee answered.
        connected_at=_past(course.answered_at, now),
        held_at=_past(call.held_at, now),
        ended_at=ended_at,
        disconnect_type="" if ended_at is None else course.ending.user,
        reasons=(),
        error=course.ending.error if missed and ended_at is not None else None,
    )


def _callees_leg(call: Call, now: float, *, number: int, ended_at: float, ending: Ending) -> Leg:
    course = call.course
    connected_at = _past(course.answered_at, now) if ending.answered else None
    over = now >= ended_at
    dead = ending is DEAD_LEG
    state = "dialing" if connected_at is None else "connected"
    if over:
        state = "terminated" if dead else "disconnected"
    return Leg(
        participant_id=_id(call, "participant", number),
        call_id=_id(call, "call", number),
        is_users=False,
        purpose="customer" if call.queue_id else "external",
        state=state,
        started_at=course.accepted_at if course.picked_up_at is None else course.picked_up_at,
        connected_at=connected_at,
        held_at=None,
        ended_at=ended_at if over else None,
        disconnect_type=ending.callee if over else "",
        reasons=ending.reasons if over else (),
        error=ending.error if over else None,
    )


def _past(instant: float | None, now: float) -> float | None:
    return instant if instant is not None and now >= instant else None


def _id(call: Call, kind: str, number: int) -> str:
    return str(uuid.uuid5(uuid.UUID(call.conversation_id), f"{kind} {number}"))
