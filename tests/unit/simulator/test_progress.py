from typing import Any

import pytest

from sandbox.simulator.behavior import Behavior
from sandbox.simulator.calls import Call, Callee
from sandbox.simulator.progress import conversation

BEHAVIOR = Behavior(alerting_s=1.0, dialing_s=3.0, talking_s=10.0)


def participants(after_s: float, callee: Callee = Callee.ANSWERS, queue_id: str = "") -> list[dict[str, Any]]:
    call = Call(
        n=1,
        time=1000.0,
        to="+12125550100",
        from_="+12125559876",
        conversation_id="c-1",
        client="dialer",
        user_id="user-1",
        queue_id=queue_id,
        attributes={},
        callee=callee,
    )
    seen = conversation(call, BEHAVIOR, 1000.0 + after_s)
    assert seen["id"] == "c-1"
    assert "state" not in seen
    legs: Any = seen["participants"]
    return list(legs)


@pytest.mark.parametrize(
    ("after_s", "states"),
    [
        (0.0, {"user": "alerting"}),
        (0.9, {"user": "alerting"}),
        (1.0, {"user": "connected", "external": "dialing"}),
        (4.0, {"user": "connected", "external": "connected"}),
        (13.9, {"user": "connected", "external": "connected"}),
        (14.0, {"user": "disconnected", "external": "disconnected"}),
    ],
)
def test_a_call_goes_from_the_user_to_the_callee_to_the_end(after_s: float, states: dict[str, str]) -> None:
    assert {leg["purpose"]: leg["state"] for leg in participants(after_s)} == states


def test_with_a_queue_the_purposes_are_agent_and_customer() -> None:
    assert [leg["purpose"] for leg in participants(5.0, queue_id="q-1")] == ["agent", "customer"]


def test_times_are_told_in_utc() -> None:
    callee = participants(20.0)[1]
    assert callee["connectedTime"] == "1970-01-01T00:16:44.000Z"
    assert callee["endTime"] == "1970-01-01T00:16:54.000Z"
    assert callee["disconnectType"] == "peer"


@pytest.mark.parametrize(
    ("callee", "ending"),
    [
        (Callee.IS_BUSY, "endpoint"),
        (Callee.DOES_NOT_ANSWER, "timeout"),
        (Callee.CANNOT_BE_REACHED, "uncallable"),
    ],
)
def test_a_callee_who_never_connects_leaves_only_an_end(callee: Callee, ending: str) -> None:
    leg = participants(4.0, callee)[1]
    assert (leg["state"], leg["disconnectType"]) == ("disconnected", ending)
    assert "connectedTime" not in leg


def test_a_dead_leg_stays_beside_the_one_that_is_answered() -> None:
    legs = [leg for leg in participants(5.0, Callee.ANSWERS_ON_THE_SECOND_LEG) if leg["purpose"] == "external"]
    assert [leg["state"] for leg in legs] == ["disconnected", "connected"]
    assert legs[0]["disconnectType"] == "transport.failure"
    assert len({leg["id"] for leg in legs}) == 2
