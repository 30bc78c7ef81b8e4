"""What each answer means for the call. `integration/genesys/test_http.py` tests the same table on a real socket."""

import pytest
from hypothesis import given

from tasks.codes import Code
from tasks.errors import DialError, NotPlaced, RateReading, Refused, Unknown
from tasks.genesys.answers import TABLE, Answer, TransportFault, read_call
from tasks.genesys.call import PlacedCall
from tasks.genesys.headers import LONGEST_WAIT_S
from tests.support.answers import answer, any_answer, outcome


@given(any_answer)
def test_nothing_but_a_placed_call_or_one_of_the_three_errors_comes_out(any_answer: Answer) -> None:
    came = outcome(read_call, any_answer)
    if isinstance(came, DialError):
        assert type(came) in {NotPlaced, Refused, Unknown}
        assert came.message
        assert came.message.isprintable()
        assert came.retry_after_s is None or 0 <= came.retry_after_s <= LONGEST_WAIT_S
    else:
        assert isinstance(came, PlacedCall)
        assert 200 <= any_answer.status < 300


@given(any_answer)
def test_only_a_status_that_says_so_frees_a_call_to_be_sent_again(any_answer: Answer) -> None:
    came = outcome(read_call, any_answer)
    if isinstance(came, NotPlaced):
        assert any_answer.status in {401, 407, 429, 503}
    if isinstance(came, Refused):
        assert 400 <= any_answer.status < 600


def test_every_status_has_a_row() -> None:
    for status in range(100, 1000):
        with pytest.raises(DialError):
            read_call(answer(status, {}))


def test_every_row_of_the_table_can_be_reached() -> None:
    """A row after one that always matches before it would never be used."""
    seen = []
    for row in TABLE:
        fault, status = (row.on, 200) if isinstance(row.on, TransportFault) else (None, row.on[0])
        if row.code is Code.BAD_REQUEST:
            status = 409
        elif row.code is Code.SERVER_ERROR:
            status = 502
        if row.by_a_proxy:
            with pytest.raises(row.error) as caught:
                read_call(Answer(status=403, headers={}, body=b"<html>Blocked</html>"))
            seen.append(caught.value.code)
            continue
        body = {
            "code": next(iter(row.api_codes), ""),
            "message": {Code.MALFORMED_PARTICIPANT_ADDRESS: "malformed participant address"}.get(
                row.code, "invalid from address" if row.message else ""
            ),
        }
        with pytest.raises(row.error) as caught:
            read_call(answer(status, body, fault, Retry_After="1" if row.retry_after else ""))
        seen.append(caught.value.code)
    assert seen == [row.code for row in TABLE]


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("Malformed participant address", Code.MALFORMED_PARTICIPANT_ADDRESS),
        ("malformed PARTICIPANT address in 'from'", Code.MALFORMED_PARTICIPANT_ADDRESS),
        ("Participant address tel:x is malformed", Code.MALFORMED_PARTICIPANT_ADDRESS),
        ("Invalid from address", Code.INVALID_FROM_ADDRESS),
        ("Invalid 'from' address", Code.INVALID_FROM_ADDRESS),
        ("The from number is not verified", Code.INVALID_FROM_ADDRESS),
        ("The caller ID is not allowed", Code.INVALID_FROM_ADDRESS),
        ("callerId is not verified", Code.INVALID_FROM_ADDRESS),
        ("The request could not be understood due to malformed syntax", Code.BAD_REQUEST),
        ("", Code.BAD_REQUEST),
    ],
)
def test_the_two_kinds_of_bad_address_are_told_apart_by_the_message(message: str, code: Code) -> None:
    with pytest.raises(Refused) as caught:
        read_call(answer(400, {"message": message, "code": "bad.request"}))
    assert caught.value.code is code


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 451])
@pytest.mark.parametrize("body", [b"", b"<html><h1>Access denied</h1></html>", b"denied", b"[1]", b'"denied"'])
def test_what_a_proxy_refuses_proves_nothing(status: int, body: bytes) -> None:
    """The page of a proxy has no JSON object and no correlation id."""
    with pytest.raises(Unknown) as caught:
        read_call(Answer(status=status, headers={"Content-Type": "text/html"}, body=body))
    assert caught.value.code is Code.UNEXPECTED_STATUS


@pytest.mark.parametrize(
    "by_the_api", [Answer(status=403, headers={"ININ-Correlation-Id": "k"}, body=b"<html>"), answer(403, {})]
)
def test_what_the_api_refuses_is_refused(by_the_api: Answer) -> None:
    with pytest.raises(Refused) as caught:
        read_call(by_the_api)
    assert caught.value.code is Code.INSUFFICIENT_PERMISSIONS


@pytest.mark.parametrize(
    "body",
    [
        {"message": "Invalid from address"},
        {"error": "Invalid from address", "code": 400},
        {"errors": [{"code": "bad.request", "message": "Invalid from address"}]},
        {"message": "", "error": None, "errors": [{"message": "Invalid from address"}, {"message": "other"}]},
    ],
)
def test_the_message_of_an_error_is_read_from_every_known_place(body: dict[str, object]) -> None:
    with pytest.raises(Refused) as caught:
        read_call(answer(400, body))
    assert (caught.value.code, caught.value.message) == (Code.INVALID_FROM_ADDRESS, "Invalid from address")


@pytest.mark.parametrize("body", [{"errors": []}, {"errors": [None]}, {"errors": "x"}, {"errors": [{"message": 7}]}])
def test_an_error_without_a_message_is_still_an_error(body: dict[str, object]) -> None:
    with pytest.raises(Refused) as caught:
        read_call(answer(400, body))
    assert caught.value.code is Code.BAD_REQUEST


@pytest.mark.parametrize("code", ["not.a.user"])
def test_the_code_of_the_first_error_counts_where_the_body_has_none(code: str) -> None:
    with pytest.raises(Refused) as caught:
        read_call(answer(400, {"errors": [{"code": code, "message": "m"}]}))
    assert caught.value.code is Code.NOT_A_USER


def test_errors_carry_the_reading_and_the_correlation_id_too() -> None:
    body = {"contextId": "k-3", "message": "Retry in [5] seconds"}
    with pytest.raises(NotPlaced) as caught:
        read_call(answer(429, body, inin_ratelimit_count="9", inin_ratelimit_allowed="9", inin_ratelimit_reset="3"))
    assert caught.value.reading == RateReading(count=9, allowed=9, reset_s=3)
    assert (caught.value.correlation_id, caught.value.retry_after_s) == ("k-3", 5)
