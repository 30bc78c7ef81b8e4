import json
from typing import Any

import pytest

from sandbox.simulator.call_request import RequestedCall, read_guide_request, read_public_request
from sandbox.simulator.replies import ApiError

MALFORMED = "Malformed participant address"

BAD_DIGITS = [
    "2125551234",
    "12125551234",
    "+1212-555-1234",
    "+1 2125551234",
    "+02125551234",
    "+1",
    "+",
    "+1234567890123456",
    "+1212555123４",
    "+12125551234\n",
    "+12125551234 ",
    "+12125551234;ext=5",
]
NO_TEXT: list[object] = ["", None, 12125551234]


def guide_body(**changes: object) -> dict[str, Any]:
    return {
        "to": {"phoneNumber": "tel:+12125551234"},
        "from": {"phoneNumber": "tel:+12125559876"},
        "user": {"id": "user-1"},
        "wrapUpCode": {"id": "wrap-1"},
    } | changes


def refused_guide(content: object) -> tuple[int, str, str]:
    with pytest.raises(ApiError) as caught:
        read_guide_request(json.dumps(content).encode())
    return caught.value.status, caught.value.code, caught.value.message


def test_the_guides_body_is_read() -> None:
    request = read_guide_request(json.dumps(guide_body()).encode())
    assert request == RequestedCall(to="+12125551234", from_="+12125559876", user_id="user-1")


@pytest.mark.parametrize("field", ["to", "from"])
@pytest.mark.parametrize(
    "number",
    [
        *(f"tel:{digits}" for digits in BAD_DIGITS),
        *NO_TEXT,
        "+12125551234",
        "TEL:+12125551234",
        "tel: +12125551234",
    ],
)
def test_the_guide_takes_only_tel_plus_digits(field: str, number: object) -> None:
    assert refused_guide(guide_body(**{field: {"phoneNumber": number}})) == (400, "bad.request", MALFORMED)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (guide_body(user={}), "user.id is required"),
        (guide_body(user=None), "user.id is required"),
        (guide_body(wrapUpCode={"id": ""}), "wrapUpCode.id is required"),
        (guide_body(wrapUpCode="wrap-1"), "wrapUpCode.id is required"),
        (guide_body(to="tel:+12125551234"), MALFORMED),
        ([], "The request body is not a JSON object"),
    ],
)
def test_what_is_missing_in_the_guides_body_is_named(content: object, message: str) -> None:
    status, _, said = refused_guide(content)
    assert (status, said) == (400, message)


def test_the_published_body_at_the_guides_path_needs_a_user() -> None:
    assert refused_guide({"phoneNumber": "+12125551234"})[:2] == (400, "not.a.user")
    assert refused_guide(guide_body(phoneNumber=None))[1] == "not.a.user"


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"null"])
def test_what_is_no_json_object_is_a_400(body: bytes) -> None:
    with pytest.raises(ApiError, match="not a JSON object"):
        read_guide_request(body)


def test_the_published_body_is_read() -> None:
    body = {
        "phoneNumber": "+12125551234",
        "callerId": "+12125559876",
        "callFromQueueId": "queue-1",
        "attributes": {"dialerJobId": "order-42"},
    }
    assert read_public_request(json.dumps(body).encode(), "user-1") == RequestedCall(
        to="+12125551234",
        from_="+12125559876",
        user_id="user-1",
        queue_id="queue-1",
        attributes={"dialerJobId": "order-42"},
    )


def test_the_published_body_may_leave_the_caller_id_to_the_platform() -> None:
    assert read_public_request(b'{"phoneNumber": "+12125551234"}', "user-1").from_ == ""


@pytest.mark.parametrize("number", [*BAD_DIGITS, *NO_TEXT, "tel:+12125551234"])
def test_the_published_body_takes_only_plus_digits(number: object) -> None:
    with pytest.raises(ApiError, match=MALFORMED):
        read_public_request(json.dumps({"phoneNumber": number}).encode(), "user-1")
    if number is not None:
        body = {"phoneNumber": "+12125551234", "callerId": number}
        with pytest.raises(ApiError, match=MALFORMED):
            read_public_request(json.dumps(body).encode(), "user-1")


@pytest.mark.parametrize("attributes", [["a"], {"a": 1}, {"a": None}, "a"])
def test_attributes_map_text_to_text(attributes: object) -> None:
    body = json.dumps({"phoneNumber": "+12125551234", "attributes": attributes}).encode()
    with pytest.raises(ApiError, match="attributes"):
        read_public_request(body, "user-1")
