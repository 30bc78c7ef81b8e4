"""The course of a call as its three forms show it: flat, in full, and in analytics."""

import uuid
from typing import Any

import pytest

from sandbox.simulator.analytics_view import analytics_conversation
from sandbox.simulator.call_request import RequestedCall
from sandbox.simulator.calls import Call, CallLog
from sandbox.simulator.conversation_view import conversation
from sandbox.simulator.course import Durations, Result
from sandbox.simulator.media_view import call_conversation, call_event
from tests.unit.simulator.conftest import Clock

DURATIONS = Durations(contacting_s=1.0, contacting_timeout_s=60.0, dialing_s=3.0, talking_s=10.0)
STARTED = Clock().now


def ring(log: CallLog, result: Result, *, user: str = "user-1", queue_id: str = "", quick: float = 1.0) -> Call:
    wanted = RequestedCall(
        to="+12125550100",
        from_="+12125559876",
        user_id=user,
        queue_id=queue_id,
        attributes={"dialerJobId": "order-42"},
    )
    return log.ring(wanted, client="dialer", result=result, durations=DURATIONS._replace(contacting_s=quick))


def call(result: Result = Result.USER_HANGS_UP, queue_id: str = "") -> Call:
    return ring(CallLog(Clock()), result, queue_id=queue_id)


def flat(result: Result, after_s: float, queue_id: str = "") -> list[dict[str, Any]]:
    seen: Any = call_conversation(call(result, queue_id), STARTED + after_s)
    assert "state" not in seen
    return list(seen["participants"])


@pytest.mark.parametrize(
    ("after_s", "states"),
    [
        (0.0, {"user": "contacting"}),
        (0.9, {"user": "contacting"}),
        (1.0, {"user": "dialing", "external": "dialing"}),
        (3.9, {"user": "dialing", "external": "dialing"}),
        (4.0, {"user": "connected", "external": "connected"}),
        (13.9, {"user": "connected", "external": "connected"}),
        (14.0, {"user": "disconnected", "external": "disconnected"}),
    ],
)
def test_a_call_goes_from_the_user_to_the_callee_to_the_end(after_s: float, states: dict[str, str]) -> None:
    assert {leg["purpose"]: leg["state"] for leg in flat(Result.USER_HANGS_UP, after_s)} == states


def test_with_a_queue_the_purposes_are_agent_and_customer() -> None:
    legs = flat(Result.USER_HANGS_UP, 5.0, queue_id="q-1")
    assert [leg["purpose"] for leg in legs] == ["agent", "customer"]
    assert {leg["queue"]["id"] for leg in legs} == {"q-1"}


def test_times_are_told_in_utc() -> None:
    own, callee = flat(Result.USER_HANGS_UP, 20.0)
    assert own["startTime"] == "1970-01-01T00:16:40.000Z"
    assert callee["startTime"] == "1970-01-01T00:16:41.000Z"
    assert own["connectedTime"] == callee["connectedTime"] == "1970-01-01T00:16:44.000Z"
    assert own["endTime"] == callee["endTime"] == "1970-01-01T00:16:54.000Z"


def test_nobody_at_the_users_phone_ends_the_leg_after_a_while_and_the_callee_is_never_dialed() -> None:
    (waiting,) = flat(Result.USER_MISSES, 59.9)
    assert waiting["state"] == "contacting"
    (leg,) = flat(Result.USER_MISSES, 60.0)
    assert (leg["state"], leg["disconnectType"]) == ("terminated", "error")
    assert leg["errorInfo"]["code"] == "error.ininedgecontrol.connection.timeout"
    assert "connectedTime" not in leg


#: Who hung up, and with which words and codes: the user's leg, the callee's, SIP, Q.850.
ENDED = [
    (Result.USER_HANGS_UP, "client", "peer", None, 16),
    (Result.CALLEE_HANGS_UP, "peer", "endpoint", None, 16),
    (Result.BUSY, "peer", "endpoint", 486, 17),
    (Result.NO_ANSWER, "peer", "timeout", 487, 19),
    (Result.DECLINED, "peer", "endpoint", 603, 21),
    (Result.INVALID, "peer", "uncallable", 404, 1),
    (Result.NO_ROUTE, "peer", "error", None, None),
]


@pytest.mark.parametrize(("result", "own", "callees", "sip", "q850"), ENDED)
def test_the_full_form_tells_the_reasons(
    result: Result, own: str, callees: str, sip: int | None, q850: int | None
) -> None:
    body: Any = conversation(call(result), STARTED + 20)
    legs = [participant["calls"][0] for participant in body["participants"]]
    assert [leg["disconnectType"] for leg in legs] == [own, callees]
    codes = {reason["type"]: reason["code"] for reason in legs[1]["disconnectReasons"]}
    assert (codes.get("sip"), codes.get("q850")) == (sip, q850)
    assert all(reason["phrase"] for reason in legs[1]["disconnectReasons"])
    answered = result in {Result.USER_HANGS_UP, Result.CALLEE_HANGS_UP}
    assert ["connectedTime" in leg for leg in legs] == [answered, answered]


@pytest.mark.parametrize(("result", "own", "callees", "sip", "q850"), ENDED)
def test_analytics_tells_them_on_the_last_segment(
    result: Result, own: str, callees: str, sip: int | None, q850: int | None
) -> None:
    body: Any = analytics_conversation(call(result), STARTED + 20)
    assert "attributes" not in str(body)
    last = [participant["sessions"][0]["segments"][-1] for participant in body["participants"]]
    assert [segment["disconnectType"] for segment in last] == [own, callees]
    assert last[1].get("sipResponseCodes") == (None if sip is None else [sip])
    assert last[1].get("q850ResponseCodes") == (None if q850 is None else [q850])


@pytest.mark.parametrize("result", [Result.NO_ANSWER, Result.INVALID])
def test_the_flat_form_has_no_timeout_and_no_codes_but_its_events_do(result: Result) -> None:
    assert flat(result, 20.0)[1]["disconnectType"] == "other"
    assert "disconnectReasons" not in flat(result, 20.0)[1]
    event: Any = call_event(call(result), STARTED + 20)
    assert event["participants"][1]["disconnectType"] in {"timeout", "uncallable"}


def test_a_number_without_a_route_fails_at_once() -> None:
    leg = flat(Result.NO_ROUTE, 1.1)[1]
    assert leg["errorInfo"]["code"] == "error.ininedgecontrol.connection.dialplan.notReachable"


def test_a_dead_leg_stays_before_the_one_that_is_answered() -> None:
    legs = [leg for leg in flat(Result.SECOND_LEG_ANSWERS, 5.0) if leg["purpose"] == "external"]
    assert [leg["state"] for leg in legs] == ["terminated", "connected"]
    assert legs[0]["disconnectType"] == "transport.failure"
    body: Any = analytics_conversation(call(Result.SECOND_LEG_ANSWERS), STARTED + 5)
    assert body["participants"][1]["sessions"][0]["segments"][-1]["disconnectType"] == "transportFailure"


def test_all_ids_are_uuids_and_stay_the_same() -> None:
    one = call(Result.SECOND_LEG_ANSWERS)
    flat_body: Any = call_conversation(one, STARTED + 5)
    full_body: Any = conversation(one, STARTED + 6)
    ids = [leg["id"] for leg in flat_body["participants"]]
    assert ids == [leg["id"] for leg in full_body["participants"]]
    ids += [leg["calls"][0]["id"] for leg in full_body["participants"]]
    ids.append(one.conversation_id)
    assert len({uuid.UUID(each) for each in ids}) == 7


def test_analytics_measures_each_step() -> None:
    body: Any = analytics_conversation(call(), STARTED + 20)
    session = body["participants"][0]["sessions"][0]
    assert [segment["segmentType"] for segment in session["segments"]] == ["contacting", "dialing", "interact"]
    metrics = {metric["name"]: metric["value"] for metric in session["metrics"]}
    assert metrics == {"nOutbound": 1, "nConnected": 1, "tContacting": 1000, "tDialing": 3000, "tTalk": 10000}
    assert body["conversationEnd"] == "1970-01-01T00:16:54.000Z"
    running: Any = analytics_conversation(call(), STARTED + 2)
    assert "conversationEnd" not in running
    assert "segmentEnd" not in running["participants"][0]["sessions"][0]["segments"][-1]


# Two calls of one user.


def held(one: Call, after_s: float) -> bool:
    seen: Any = call_conversation(one, STARTED + after_s)
    return bool(seen["participants"][0]["held"])


def test_a_second_call_puts_the_first_on_hold_once_the_users_phone_is_picked_up() -> None:
    clock = Clock()
    log = CallLog(clock)
    first = ring(log, Result.USER_HANGS_UP)
    clock.now += 6
    second = ring(log, Result.USER_HANGS_UP)
    assert [held(first, after_s) for after_s in (6.9, 7.0, 13.9, 14.0)] == [False, True, True, False]
    assert not held(second, 8.0)
    assert log.put_on_hold == 1
    body: Any = analytics_conversation(first, STARTED + 20)
    segments = body["participants"][0]["sessions"][0]["segments"]
    assert [segment["segmentType"] for segment in segments][-2:] == ["interact", "hold"]


def test_calls_of_two_users_and_calls_one_after_the_other_hold_nothing() -> None:
    clock = Clock()
    log = CallLog(clock)
    ring(log, Result.USER_HANGS_UP)
    ring(log, Result.USER_HANGS_UP, user="user-2")
    clock.now += 13
    ring(log, Result.USER_HANGS_UP)
    assert log.put_on_hold == 0


def test_a_call_that_nobody_picks_up_holds_nothing() -> None:
    log = CallLog(Clock())
    ring(log, Result.USER_HANGS_UP)
    ring(log, Result.USER_MISSES)
    assert log.put_on_hold == 0


def test_a_call_that_is_picked_up_before_an_earlier_one_is_the_one_on_hold() -> None:
    log = CallLog(Clock())
    slow = ring(log, Result.USER_HANGS_UP, quick=2.0)
    quick = ring(log, Result.USER_HANGS_UP, quick=1.0)
    assert (held(slow, 3.0), held(quick, 1.5), held(quick, 3.0)) == (False, False, True)


def test_the_running_calls_of_a_user_are_those_that_have_not_ended() -> None:
    clock = Clock()
    log = CallLog(clock)
    ring(log, Result.BUSY)
    second = ring(log, Result.USER_HANGS_UP)
    ring(log, Result.USER_HANGS_UP, user="user-2")
    clock.now += 5
    assert log.running("user-1") == [second]
    clock.now += 20
    assert log.running("user-1") == log.running("nobody") == []
