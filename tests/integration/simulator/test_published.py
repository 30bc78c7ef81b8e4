"""The published endpoints: calls in their three forms, users, limits, the search, permissions."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from sandbox.simulator.process import Simulator
from tests.support.simulator_client import CALLS, PLAIN, Client

ANALYTICS = "/api/v2/analytics/conversations"
SEARCH = "/api/v2/conversations/participants/attributes/search"
LIMITS = "/api/v2/organizations/limits/namespaces"
UNKNOWN = "00000000-0000-4000-8000-000000000000"

pytestmark = pytest.mark.usefixtures("published")


@pytest.fixture
def published(simulator: Simulator) -> None:
    simulator.behave(profile="public", contacting_s=0, dialing_s=0, search_lag_s=0, analytics_lag_s=0)


def refusal(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_the_published_body_at_the_guides_path_needs_a_user(simulator: Simulator, client: Client) -> None:
    simulator.behave(profile="guide")
    assert refusal(client.ask("POST", CALLS, json={"phoneNumber": PLAIN})) == (400, "not.a.user")
    assert refusal(client.ask("GET", CALLS)) == (400, "not.a.user")
    assert simulator.calls() == []


def test_a_call_in_its_three_forms(client: Client) -> None:
    conversation_id = client.call_public("+12125550101").json()["id"]
    flat = client.get(f"{CALLS}/{conversation_id}")
    assert [(leg["purpose"], leg["state"]) for leg in flat["participants"]] == [
        ("user", "disconnected"),
        ("external", "disconnected"),
    ]
    full = client.get(f"/api/v2/conversations/{conversation_id}")
    reasons = full["participants"][1]["calls"][0]["disconnectReasons"]
    assert [(reason["type"], reason["code"]) for reason in reasons] == [("sip", 486), ("q850", 17)]
    details = client.get(f"{ANALYTICS}/{conversation_id}/details")
    assert details["participants"][1]["sessions"][0]["segments"][-1]["sipResponseCodes"] == [486]


def test_analytics_answers_for_many_calls_after_its_lag_and_leaves_out_what_it_does_not_know(
    simulator: Simulator, client: Client
) -> None:
    ids = [client.call_public(user=f"user-{n}").json()["id"] for n in range(3)]
    named = ",".join([*ids, UNKNOWN])
    found = client.get(f"{ANALYTICS}/details?id={named}&id={ids[0]}")["conversations"]
    assert [details["conversationId"] for details in found] == ids
    simulator.behave(analytics_lag_s=60)
    assert client.get(f"{ANALYTICS}/details?id={named}") == {"conversations": []}
    assert refusal(client.ask("GET", f"{ANALYTICS}/{ids[0]}/details")) == (404, "not.found")
    assert client.ask("GET", f"{ANALYTICS}/details").status_code == 400


def test_an_absent_user_is_missed_and_the_callee_never_dialed(simulator: Simulator, client: Client) -> None:
    simulator.behave(absent_users=["user-1"], contacting_timeout_s=0)
    conversation_id = client.call_public().json()["id"]
    (leg,) = client.get(f"{CALLS}/{conversation_id}")["participants"]
    assert leg["errorInfo"]["code"] == "error.ininedgecontrol.connection.timeout"


def test_a_second_call_puts_the_first_on_hold(simulator: Simulator, client: Client) -> None:
    first, second = (client.call_public().json()["id"] for _ in range(2))
    held = {each: client.get(f"{CALLS}/{each}")["participants"][0]["held"] for each in (first, second)}
    assert held == {first: True, second: False}
    assert simulator.stats()["calls_put_on_hold"] == 1


@pytest.mark.parametrize("path", [f"{CALLS}/{UNKNOWN}", f"/api/v2/conversations/{UNKNOWN}"])
def test_an_unknown_conversation_is_named_so(client: Client, path: str) -> None:
    assert refusal(client.ask("GET", path)) == (404, "conversation.error.conversation.not.found")


def test_an_unknown_user_is_a_404_for_a_call_and_left_out_of_the_list(simulator: Simulator, client: Client) -> None:
    simulator.behave(users=["user-2"])
    assert refusal(client.call_public()) == (404, "not.found")
    assert client.call_public(user="user-2").status_code == 202
    assert [user["id"] for user in client.get("/api/v2/users?id=user-1,user-2")["entities"]] == ["user-2"]
    assert [user["id"] for user in client.get("/api/v2/users")["entities"]] == ["user-2"]


def test_users_show_what_is_asked_for(simulator: Simulator, client: Client) -> None:
    client.call_public()
    client.call_public(user="user-2", callFromQueueId="q-1")
    expand = "presence,routingStatus,station,conversationSummary"
    users = client.get(f"/api/v2/users?id=user-1&id=user-2&id=user-3&expand={expand}")["entities"]
    assert [user["routingStatus"]["status"] for user in users] == ["COMMUNICATING", "INTERACTING", "OFF_QUEUE"]
    counts = [user["conversationSummary"]["call"] for user in users]
    assert [count["enterprise"]["active"] for count in counts] == [1, 0, 0]
    assert [count["contactCenter"]["active"] for count in counts] == [0, 1, 0]
    assert users[0]["presence"]["presenceDefinition"]["systemPresence"] == "Available"
    simulator.behave(presences={"user-1": "Away"})
    (away,) = client.get("/api/v2/users?id=user-1&expand=presence")["entities"]
    assert away["presence"]["presenceDefinition"]["systemPresence"] == "Away"
    (bare,) = client.get("/api/v2/users?id=user-1")["entities"]
    assert not {"presence", "routingStatus", "station", "conversationSummary"} & set(bare)


def test_a_page_of_users_has_25_unless_the_client_says_otherwise(client: Client) -> None:
    named = ",".join(f"user-{n}" for n in range(60))
    listing = client.get(f"/api/v2/users?id={named}")
    assert (len(listing["entities"]), listing["total"], listing["pageCount"]) == (25, 60, 3)
    last = client.get(f"/api/v2/users?id={named}&pageSize=50&pageNumber=2")
    assert [user["id"] for user in last["entities"]] == [f"user-{n}" for n in range(50, 60)]
    for wrong in ("pageSize=501", "pageSize=0", "pageNumber=x"):
        assert refusal(client.ask("GET", f"/api/v2/users?{wrong}")) == (400, "invalid.value")


def test_limits_follow_the_rate_limit(simulator: Simulator, client: Client) -> None:
    simulator.behave(rate_limit=50, rate_window_s=10)
    limits = {each["key"]: each["value"] for each in client.get(f"{LIMITS}/platform.api")["entities"]}
    assert limits["client.credentials.token.rate.per.minute"] == 300
    assert client.get(f"{LIMITS}/conversation") == {"entities": []}
    assert client.ask("GET", f"{LIMITS}/nonsense").status_code == 404


# The query of analytics.


def query(client: Client, *predicates: tuple[str, str], **more: object) -> requests.Response:
    """Ask for the calls of today that all predicates (dimension, value) fit."""
    now = datetime.now(UTC)
    filters = [{"type": "or", "predicates": [{"dimension": name, "value": value}]} for name, value in predicates]
    interval = f"{(now - timedelta(seconds=1)).isoformat()}/{now.isoformat()}"
    body = {"interval": interval, "segmentFilters": filters, **more}
    return client.ask("POST", f"{ANALYTICS}/details/query", json=body)


def test_the_query_finds_calls_by_user_and_number_after_the_lag(simulator: Simulator, client: Client) -> None:
    first = client.call_public(user="user-1").json()["id"]
    client.call_public("+12125550101", user="user-1")
    client.call_public(user="user-2")
    (found,) = query(client, ("userId", "user-1"), ("dnis", f"tel:{PLAIN}")).json()["conversations"]
    assert found["conversationId"] == first
    assert "attributes" not in found["participants"][1]
    assert query(client, ("dnis", PLAIN)).json() == {"totalHits": 0}
    assert query(client, ("dialerJobId", "order-42")).status_code == 400
    simulator.behave(analytics_lag_s=60)
    assert query(client).json() == {"totalHits": 0}


def test_the_query_has_pages_in_either_order(client: Client) -> None:
    ids = [client.call_public(user=f"user-{n}").json()["id"] for n in range(3)]
    paging = {"pageSize": 2, "pageNumber": 1}
    for order, expected in (("asc", ids[:2]), ("desc", ids[:0:-1])):
        answer = query(client, order=order, paging=paging).json()
        assert [each["conversationId"] for each in answer["conversations"]] == expected
        assert answer["totalHits"] == len(ids)
    for wrong in ({"paging": {"pageSize": 101}}, {"interval": "today"}, {"order": "by chance"}):
        assert query(client, **wrong).status_code == 400


# The search for attributes.


def within(hours: float = 1.0, field: str = "startTime") -> dict[str, Any]:
    now = datetime.now(UTC)
    start, end = now - timedelta(hours=hours) + timedelta(minutes=1), now + timedelta(minutes=1)
    bounds = {"startValue": start.isoformat(), "endValue": end.isoformat()}
    return {"type": "DATE_RANGE", "fields": [field], **bounds}


def search(client: Client, *criteria: object, **more: object) -> requests.Response:
    return client.ask("POST", SEARCH, json={"query": list(criteria), **more})


def test_the_search_shows_attributes_in_its_rows_after_the_lag(simulator: Simulator, client: Client) -> None:
    conversation_id = client.call_public(attributes={"dialerJobId": "order-42"}).json()["id"]
    client.call_public(user="user-2")  # without attributes: not kept
    (row,) = search(client, within()).json()["results"]
    assert row["conversationId"] == conversation_id
    assert row["participantData"][0]["participantAttributes"] == {"dialerJobId": "order-42"}
    assert row["participantData"][0]["participantPurpose"] == "external"
    assert row["truncatedData"] is False
    assert "endTime" not in row
    simulator.behave(search_lag_s=60)
    assert search(client, within()).json()["results"] == []


def test_the_search_narrows_by_end_and_by_conversation(client: Client) -> None:
    ended = client.call_public("+12125550101", attributes={"a": "b"}).json()["id"]
    running = client.call_public(user="user-2", attributes={"a": "b"}).json()["id"]
    (row,) = search(client, within(field="endTime")).json()["results"]
    assert row["conversationId"] == ended
    assert "endTime" in row
    exact = {"type": "EXACT", "fields": ["conversationId"], "value": running}
    (row,) = search(client, within(), exact).json()["results"]
    assert row["conversationId"] == running


@pytest.mark.parametrize(
    "criterion",
    [
        {"type": "EXACT", "fields": ["dialerJobId"], "value": "order-42"},
        {"type": "EXACT", "fields": ["participantData.dialerJobId"], "value": "order-42"},
        {"type": "EXACT", "fields": ["startTime"], "value": "x"},
        {"type": "DATE_RANGE", "fields": ["startTime", "endTime"]},
        {"type": "DATE_RANGE", "fields": ["startTime"], "startValue": "yesterday", "endValue": "today"},
        {},
        "dialerJobId",
    ],
)
def test_the_search_refuses_any_other_criterion(client: Client, criterion: object) -> None:
    for answer in (search(client, criterion), search(client, within(), criterion)):
        assert (answer.status_code, answer.json()["message"]) == (400, "Search not supported.")


def test_the_search_needs_a_window_of_at_most_a_day(client: Client) -> None:
    assert search(client).status_code == 400
    assert search(client, within(24)).status_code == 200
    assert search(client, within(25)).status_code == 400
    assert search(client, within(-1)).status_code == 400


def test_the_search_has_pages_of_50_rows_and_a_cursor(client: Client) -> None:
    ids = [client.call_public(user=f"user-{n}", attributes={"n": str(n)}).json()["id"] for n in range(60)]
    first = search(client, within()).json()
    second = search(client, within(), cursor=first["cursor"]).json()
    assert len(first["results"]) == 50
    assert [row["conversationId"] for row in first["results"] + second["results"]] == ids
    assert "cursor" not in second
    assert search(client, within(), cursor="nonsense").status_code == 400


# Permissions.


@pytest.mark.parametrize(
    ("permission", "method", "path"),
    [
        ("conversation:communication:view", "GET", "/api/v2/conversations/{id}"),
        ("analytics:conversationDetail:view", "GET", ANALYTICS + "/details?id={id}"),
        ("analytics:conversationDetail:view", "GET", ANALYTICS + "/{id}/details"),
        ("conversation:participant:attributesview", "POST", SEARCH),
    ],
)
def test_an_endpoint_needs_its_permission(
    simulator: Simulator, client: Client, permission: str, method: str, path: str
) -> None:
    conversation_id = client.call_public().json()["id"]
    path, body = path.format(id=conversation_id), {"query": [within()]}
    simulator.behave(permissions=[])
    answer = client.ask(method, path, json=body)
    assert refusal(answer) == (403, "missing.permissions")
    words = f"Unable to perform the requested action. You are missing the following permission(s): [{permission}]"
    assert answer.json()["message"] == words
    simulator.behave(permissions=[permission])
    assert client.ask(method, path, json=body).status_code == 200


def test_either_of_two_permissions_lets_a_client_place_calls(simulator: Simulator, client: Client) -> None:
    simulator.behave(permissions=["conversations:call:start"])
    answer = client.call_public()
    assert refusal(answer) == (403, "missing.any.permissions")
    assert "at least one of the following permissions assigned: [conversation:call:add, " in answer.json()["message"]
    for permission in ("conversation:call:add", "conversation:agentlessCall:add"):
        simulator.behave(permissions=[permission])
        assert client.call_public().status_code == 202


def test_what_needs_no_permission_is_open_without_any(simulator: Simulator, client: Client) -> None:
    conversation_id = client.call_public().json()["id"]
    simulator.behave(permissions=[])
    for path in (f"{CALLS}/{conversation_id}", "/api/v2/users?id=user-1", f"{LIMITS}/platform.api"):
        client.get(path)


def test_the_magic_refusal_has_the_words_of_each_profile(simulator: Simulator, client: Client) -> None:
    assert "You are missing the following permission(s)" in client.call_public("+12125550112").json()["message"]
    simulator.behave(profile="guide")
    assert client.call("+12125550112").json()["message"] == "Insufficient permissions"


def test_an_outage_meets_every_endpoint(simulator: Simulator, client: Client) -> None:
    simulator.behave(outage="service_unavailable")
    paths = [
        f"/api/v2/conversations/{UNKNOWN}",
        f"{ANALYTICS}/details?id={UNKNOWN}",
        "/api/v2/users",
        "/api/v2/nothing",
    ]
    assert {client.ask("GET", path).status_code for path in paths} == {503}
