"""What became of a call, read from each form in which the platform shows it."""

from collections.abc import Callable
from typing import Any

import pytest

from sandbox.simulator.analytics_view import analytics_conversation
from sandbox.simulator.call_request import RequestedCall
from sandbox.simulator.calls import Call, CallLog
from sandbox.simulator.conversation_view import conversation
from sandbox.simulator.course import Durations, Result
from sandbox.simulator.media_view import call_conversation, call_event
from tasks.followup.result import progress_of
from tasks.genesys.legs import CallLeg, conversation_id_of, read_legs
from tasks.ledger.progress import Progress
from tasks.results import CallResult, CallState

STARTED = 1_000.0
DURATIONS = Durations(contacting_s=2, contacting_timeout_s=60, dialing_s=5, talking_s=30)
VIEWS: dict[str, Callable[[Call, float], dict[str, Any]]] = {
    "flat": call_conversation,
    "event": call_event,
    "full": conversation,
    "analytics": analytics_conversation,
}
#: The result of a call, and its detail in the forms that have the codes; then in the flat form, which has none.
TOLD = {
    Result.USER_HANGS_UP: ("answered", "hung_up_by:user", "answered", "hung_up_by:user"),
    Result.CALLEE_HANGS_UP: ("answered", "hung_up_by:callee", "answered", "hung_up_by:callee"),
    Result.SECOND_LEG_ANSWERS: ("answered", "hung_up_by:user", "answered", "hung_up_by:user"),
    Result.BUSY: ("busy", "sip:486", "unanswered", "disconnect:endpoint"),
    Result.NO_ANSWER: ("no_answer", "sip:487", "unanswered", "disconnect:other"),
    Result.DECLINED: ("declined", "sip:603", "unanswered", "disconnect:endpoint"),
    Result.INVALID: ("invalid_number", "sip:404", "unanswered", "disconnect:other"),
    Result.NO_ROUTE: ("invalid_number", "error:error.ininedgecontrol.connection.dialplan.notReachable") * 2,
    Result.USER_MISSES: ("agent_missed", "error:error.ininedgecontrol.connection.timeout") * 2,
}
#: An event has the words that the flat form hides, and no codes.
IN_EVENTS = {
    Result.NO_ANSWER: ("no_answer", "disconnect:timeout"),
    Result.INVALID: ("invalid_number", "disconnect:uncallable"),
}


def call(result: Result, queue_id: str = "") -> Call:
    request = RequestedCall(to="+12125550100", from_="", user_id="user-1", queue_id=queue_id)
    return CallLog(lambda: STARTED).ring(request, client="c", result=result, durations=DURATIONS)


def seen(result: Result, view: str, after_s: float, queue_id: str = "") -> Progress:
    return progress_of(read_legs(VIEWS[view](call(result, queue_id), STARTED + after_s)))


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("queue_id", ["", "queue-1"])
@pytest.mark.parametrize("result", Result)
def test_the_result_of_each_ending(view: str, queue_id: str, result: Result) -> None:
    """With a queue, the purposes of the legs are other words."""
    best, flat = TOLD[result][:2], TOLD[result][2:]
    expected = {"flat": flat, "event": IN_EVENTS.get(result, flat)}.get(view, best)
    found = seen(result, view, 1000, queue_id)
    assert (found.state, found.result, found.detail) == (CallState.ENDED, *expected)


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize(
    ("after_s", "state"),
    [
        (0, "contacting"),
        (1.9, "contacting"),
        (2, "ringing"),
        (6.9, "ringing"),
        (7, "connected"),
        (36.9, "connected"),
        (37, "ended"),
    ],
)
def test_the_way_of_an_answered_call(view: str, after_s: float, state: str) -> None:
    found = seen(Result.CALLEE_HANGS_UP, view, after_s)
    assert found.state == state
    assert (found.result is None) == (state != "ended")
    assert found.answered_at == (STARTED + 7 if after_s >= 7 else None)


@pytest.mark.parametrize("view", VIEWS)
def test_times_of_an_answered_call(view: str) -> None:
    found = seen(Result.USER_HANGS_UP, view, 1000)
    assert (found.answered_at, found.ended_at) == (STARTED + 7, STARTED + 37)
    assert (found.ring_s, found.talk_s) == (5, 30)


@pytest.mark.parametrize("view", VIEWS)
def test_times_of_calls_that_nobody_answered(view: str) -> None:
    busy, missed = seen(Result.BUSY, view, 1000), seen(Result.USER_MISSES, view, 1000)
    assert (busy.ended_at, busy.ring_s, busy.talk_s) == (STARTED + 7, 5, None)
    assert (missed.ended_at, missed.ring_s, missed.talk_s) == (STARTED + 60, None, None)


@pytest.mark.parametrize("view", VIEWS)
def test_every_form_names_its_conversation(view: str) -> None:
    one = call(Result.BUSY)
    assert conversation_id_of(VIEWS[view](one, STARTED)) == one.conversation_id


def test_a_call_without_legs_has_only_begun() -> None:
    assert progress_of([]) == Progress(state=CallState.CONTACTING)


DEAD = CallLeg(is_users=False, started_at=1, ended_at=2, disconnect_type="transport.failure", sip=(503,))
USER = CallLeg(is_users=True, started_at=1, ended_at=9, disconnect_type="peer")


@pytest.mark.parametrize(
    ("legs", "state", "result"),
    [
        # A trunk that fails is followed by another one: the call goes on while a leg does.
        ([CallLeg(is_users=True, started_at=1, is_dialing=True), DEAD], "ringing", None),
        ([USER, DEAD], "ended", "unreachable"),
        ([USER, DEAD, CallLeg(is_users=False, started_at=2, ended_at=9, sip=(486,))], "ended", "busy"),
        # The callee talks on with somebody else after a transfer.
        ([USER, CallLeg(is_users=False, started_at=1, connected_at=3)], "connected", None),
        # The order of the legs tells nothing.
        ([CallLeg(is_users=False, started_at=2, connected_at=3, ended_at=9), DEAD, USER], "ended", "answered"),
        # Only the user's leg is shown, which is connected when the callee has answered.
        ([CallLeg(is_users=True, started_at=1, connected_at=3, ended_at=9)], "ended", "answered"),
        ([CallLeg(is_users=False, started_at=1, ended_at=9)], "ended", "unanswered"),
    ],
)
def test_all_legs_of_a_purpose_are_looked_at(legs: list[CallLeg], state: str, result: str | None) -> None:
    found = progress_of(legs)
    assert (found.state, found.result) == (state, result)


@pytest.mark.parametrize(
    ("leg", "result", "detail"),
    [
        ({"sip": (600,)}, "busy", "sip:600"),
        ({"sip": (480,)}, "no_answer", "sip:480"),
        ({"sip": (607,)}, "declined", "sip:607"),
        ({"sip": (484,)}, "invalid_number", "sip:484"),
        ({"sip": (503,)}, "unreachable", "sip:503"),
        # A code that tells nothing leaves the word to the next source.
        ({"sip": (488,), "q850": (17,)}, "busy", "q850:17"),
        ({"q850": (16, 18)}, "no_answer", "q850:18"),
        ({"q850": (16,), "disconnect_type": "timeout"}, "no_answer", "disconnect:timeout"),
        ({"sip": (499,), "disconnect_type": "endpoint"}, "unanswered", "disconnect:endpoint"),
        ({"error_code": "error.of.tomorrow", "disconnect_type": "error"}, "failed", "error:error.of.tomorrow"),
        ({"disconnect_type": "word.of.tomorrow"}, "not_known", "disconnect:word.of.tomorrow"),
        ({}, "unanswered", ""),
    ],
)
def test_a_call_that_was_not_answered(leg: dict[str, Any], result: str, detail: str) -> None:
    found = progress_of([USER, CallLeg(is_users=False, started_at=1, ended_at=9, **leg)])
    assert (found.result, found.detail) == (result, detail)


@pytest.mark.parametrize(
    ("leg", "result"),
    [
        ({"error_code": "error.ininedgecontrol.connection.timeout"}, "agent_missed"),
        ({"disconnect_type": "client"}, "agent_missed"),
        ({}, "agent_missed"),
        ({"error_code": "error.ininedgecontrol.connection.noAvailableLines"}, "failed"),
        ({"error_code": "error.ininedgecontrol.connection.dialplan.notReachable"}, "invalid_number"),
        ({"error_code": "error.of.tomorrow"}, "failed"),
    ],
)
def test_a_call_whose_callee_was_never_dialed(leg: dict[str, Any], result: str) -> None:
    assert progress_of([CallLeg(is_users=True, started_at=1, ended_at=9, **leg)]).result == result


@pytest.mark.parametrize("result", CallResult)
def test_every_result_can_be_reached(result: CallResult) -> None:
    reached = {CallResult(each[0]) for each in TOLD.values()} | {"unanswered", "unreachable", "failed", "not_known"}
    assert result in reached


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"participants": None},
        {"participants": ["x", {"purpose": ["user"]}, {"purpose": "acd", "state": "connected"}]},
        {"participants": [{"purpose": "user", "sessions": "x"}, {"purpose": "user", "calls": [None]}]},
    ],
)
def test_an_answer_that_says_nothing_is_a_call_that_has_only_begun(body: dict[str, Any]) -> None:
    assert progress_of(read_legs(body)).state == "contacting"


def test_values_of_the_wrong_type_are_left_out() -> None:
    wrong = {"disconnectType": 7, "errorInfo": [], "connectedTime": "soon", "endTime": "9" * 40, "state": {}}
    more = {"disconnectReasons": [{"type": "sip", "code": "486"}, {"type": "sip", "code": True}, 3]}
    (leg,) = read_legs({"participants": [{"purpose": "external", **wrong, **more}]})
    assert leg == CallLeg(is_users=False)
