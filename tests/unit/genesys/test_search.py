"""What the answers to searches show, and what is asked for."""

import json
from typing import Any

import pytest

from tasks.genesys import search
from tasks.genesys.answers import Answer
from tasks.genesys.look_up import NoNews
from tasks.genesys.seen import Mark, SeenCall, mark_of, read_conversation, read_row

MINE = {"dialerJobId": "order-42", "dialerAttempt": "3", "colour": "red"}
MARK = Mark("order-42", 3)


def answered(body: Any, status: int = 200) -> Answer:
    headers = {"ININ-Correlation-Id": "x"}
    return Answer(status=status, headers=headers, body=json.dumps(body).encode())


def row(*attributes: Any, **fields: Any) -> dict[str, Any]:
    data = [{"participantPurpose": "external", "participantAttributes": each} for each in attributes]
    shown = {"conversationId": "c-1", "startTime": "2026-12-01T10:00:00.000Z", "truncatedData": False}
    return shown | {"participantData": data} | fields


@pytest.mark.parametrize(
    ("attributes", "mark"),
    [
        (MINE, MARK),
        ({"dialerJobId": "order-42"}, Mark("order-42", None)),
        (MINE | {"dialerAttempt": "three"}, Mark("order-42", None)),
        (MINE | {"dialerAttempt": 3}, Mark("order-42", None)),
        (MINE | {"dialerAttempt": ""}, Mark("order-42", None)),
        (MINE | {"dialerAttempt": "٣"}, Mark("order-42", None)),
        (MINE | {"dialerAttempt": "9" * 16}, Mark("order-42", None)),
        ({"dialerAttempt": "3"}, None),
        (MINE | {"dialerJobId": 42}, None),
        (MINE | {"dialerJobId": ""}, None),
        ({}, None),
    ],
)
def test_the_mark_of_a_conversation(attributes: dict[str, Any], mark: Mark | None) -> None:
    assert mark_of(attributes) == mark


def test_a_row_shows_the_mark_of_any_participant() -> None:
    seen = read_row(row({}, MINE))
    assert seen == SeenCall(conversation_id="c-1", started_at=1_796_119_200.0, mark=MARK)


@pytest.mark.parametrize("fields", [{"truncatedData": True}, {"truncatedData": None}])
def test_a_row_that_may_lack_attributes_says_so_unless_it_has_the_mark(fields: dict[str, Any]) -> None:
    assert not read_row(row({}, **fields)).is_whole
    assert read_row(row(MINE, **fields)).is_whole


@pytest.mark.parametrize(
    "fields", [{"participantData": 5}, {"participantData": [5]}, {"participantData": [{"participantAttributes": 5}]}]
)
def test_a_row_of_another_form_has_no_mark(fields: dict[str, Any]) -> None:
    assert read_row(row(**fields)).mark is None


def test_a_conversation_shows_the_mark_of_any_participant() -> None:
    body = {"id": "c-1", "participants": [{"purpose": "user", "attributes": {}}, {"attributes": MINE}]}
    assert read_conversation(body).mark == MARK


def test_a_page_and_its_cursor() -> None:
    page = search.search_page(0, 60).read(answered({"results": [row(MINE)], "cursor": "next"}))
    assert ([call.mark for call in page.calls], page.cursor) == ([MARK], "next")
    assert search.search_page(0, 60).read(answered({"results": []})).cursor == ""


def test_the_search_has_the_one_criterion_that_is_known_to_work() -> None:
    question = search.search_page(0, 60, "next")
    window = {
        "type": "DATE_RANGE",
        "fields": ["startTime"],
        "startValue": "1970-01-01T00:00:00.000Z",
        "endValue": "1970-01-01T00:01:00.000Z",
    }
    assert question.body == {"query": [window], "cursor": "next"}


@pytest.mark.parametrize("body", [{}, {"results": {}}, {"results": [5]}, [], "x"])
def test_an_answer_without_rows_is_not_taken_for_an_empty_one(body: Any) -> None:
    with pytest.raises(NoNews):
        search.search_page(0, 60).read(answered(body))


@pytest.mark.parametrize("status", [400, 403, 500])
def test_a_refusal_is_no_news(status: int) -> None:
    questions: list[Any] = [search.search_page(0, 1), search.calls_of_user("u", 0, 1), search.running_calls(["u"])]
    for question in [*questions, search.conversation("c")]:
        with pytest.raises(NoNews):
            question.read(answered({"message": "no"}, status))


def test_calls_of_a_user() -> None:
    details = {"conversationId": "c-1", "conversationStart": "2026-12-01T10:00:00.000Z"}
    question = search.calls_of_user("u", 0, 60, to="+12125551234")
    found = question.read(answered({"totalHits": 1, "conversations": [details]}))
    assert found.calls == [SeenCall(conversation_id="c-1", started_at=1_796_119_200.0, is_whole=False)]
    assert found.is_complete
    full = question.read(answered({"conversations": [details] * 100}))
    assert not full.is_complete
    assert question.read(answered({"totalHits": 0})).calls == []
    assert "+12125551234" not in repr(question)


def test_a_conversation_that_does_not_exist() -> None:
    assert search.conversation("c").read(answered({"message": "no"}, 404)) is None


@pytest.mark.parametrize(
    ("call", "running"),
    [
        ({"contactCenter": {"active": 1}, "enterprise": {"active": 2}}, {"u": 3}),
        ({"contactCenter": {"active": 0}, "enterprise": {"active": 0}}, {"u": 0}),
        ({"contactCenter": {"active": 0}}, {}),
        ({"contactCenter": {"active": 0}, "enterprise": {"active": None}}, {}),
        (None, {}),
    ],
)
def test_running_calls_of_users_who_are_shown(call: Any, running: dict[str, int]) -> None:
    user = {"id": "u", "conversationSummary": {"call": call}}
    assert search.running_calls(["u"]).read(answered({"entities": [user, {"id": "v"}, 5]})) == running
