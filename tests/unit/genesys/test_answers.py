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


def test_errors_carry_the_reading_and_the_correlation_id_too() -> None:
    body = {"contextId": "k-3", "message": "Retry in [5] seconds"}
    with pytest.raises(NotPlaced) as caught:
        read_call(answer(429, body, inin_ratelimit_count="9", inin_ratelimit_allowed="9", inin_ratelimit_reset="3"))
    assert caught.value.reading == RateReading(count=9, allowed=9, reset_s=3)
    assert (caught.value.correlation_id, caught.value.retry_after_s) == ("k-3", 5)
