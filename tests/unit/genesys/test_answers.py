"""What an answer means, whatever it holds; test_genesys_wire.py walks the same table on a real socket."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from requests.structures import CaseInsensitiveDict

from tasks.codes import WORDS, Code
from tasks.errors import DialError, NotPlaced, RateReading, Refused, Unknown
from tasks.genesys.answers import TABLE, Answer, TransportFault, read_call
from tasks.genesys.call import PlacedCall
from tasks.genesys.headers import LONGEST_WAIT_S, one_line, rate_reading, retry_after_s
from tasks.genesys.oauth import Grant, read_grant

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
DATE = format_datetime(NOW, usegmt=True)


def answer(status: int, body: object, fault: TransportFault | None = None, **headers: str) -> Answer:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status=status, headers=CaseInsensitiveDict(names), body=json.dumps(body).encode(), fault=fault)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
known_fields = st.sampled_from(
    ["id", "message", "code", "contextId", "access_token", "expires_in", "error", "description"]
)
known_headers = st.sampled_from(
    [
        "Retry-After",
        "Date",
        "ININ-Correlation-Id",
        "inin-ratelimit-count",
        "inin-ratelimit-allowed",
        "inin-ratelimit-reset",
    ]
)
header_values = (
    st.text(max_size=30)
    | st.integers().map(str)
    | st.floats().map(str)
    | st.datetimes().map(lambda date: format_datetime(date.replace(tzinfo=UTC), usegmt=True))
)
bodies = (
    st.binary(max_size=200)
    | json_values.map(lambda value: json.dumps(value).encode())
    | st.dictionaries(known_fields, json_values, max_size=6).map(lambda value: json.dumps(value).encode())
    | st.just(b"[" * 100_000)
    | st.integers(0, 5000).map(lambda n: b'{"access_token": "t", "expires_in": 1' + b"0" * n + b"}")
)
any_answer = st.builds(
    Answer,
    status=st.sampled_from([200, 201, 400, 401, 403, 429, 500, 503]) | st.integers(100, 999),
    headers=st.dictionaries(known_headers, header_values, max_size=6).map(CaseInsensitiveDict),
    body=bodies,
    fault=st.sampled_from([None, TransportFault.TIMED_OUT, TransportFault.BROKEN]),
)


def outcome(read: Callable[[Answer], object], any_answer: Answer) -> object:
    try:
        return read(any_answer)
    except DialError as e:
        return e


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
def test_nothing_but_a_grant_or_not_placed_comes_out(any_answer: Answer) -> None:
    came = outcome(read_grant, any_answer)
    if isinstance(came, DialError):
        assert type(came) is NotPlaced
        assert came.code in {Code.CREDENTIALS_REFUSED, Code.TOKEN_UNAVAILABLE}
    else:
        assert isinstance(came, Grant)
        assert came.access_token.isascii()
        assert came.access_token.isprintable()
        assert 0 < came.expires_in_s <= 172_800


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
    """A row under one that always fits before it would be dead."""
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
    """It has neither a JSON object nor a correlation id."""
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
def test_the_words_of_an_error_are_read_wherever_they_are(body: dict[str, object]) -> None:
    with pytest.raises(Refused) as caught:
        read_call(answer(400, body))
    assert (caught.value.code, caught.value.message) == (Code.INVALID_FROM_ADDRESS, "Invalid from address")


@pytest.mark.parametrize("body", [{"errors": []}, {"errors": [None]}, {"errors": "x"}, {"errors": [{"message": 7}]}])
def test_an_error_without_words_is_an_error_all_the_same(body: dict[str, object]) -> None:
    with pytest.raises(Refused) as caught:
        read_call(answer(400, body))
    assert caught.value.code is Code.BAD_REQUEST


@pytest.mark.parametrize("code", ["not.a.user"])
def test_the_code_of_the_first_error_counts_where_the_body_has_none(code: str) -> None:
    with pytest.raises(Refused) as caught:
        read_call(answer(400, {"errors": [{"code": code, "message": "m"}]}))
    assert caught.value.code is Code.NOT_A_USER


@pytest.mark.parametrize("status", [404, 405])
def test_a_host_without_a_token_endpoint_is_a_wrong_configuration(status: int) -> None:
    with pytest.raises(NotPlaced) as caught:
        read_grant(Answer(status=status, headers={}, body=b"<html>Not found</html>"))
    assert caught.value.code is Code.CREDENTIALS_REFUSED
    assert "GENESYS_CLOUD_PROFILE" in WORDS[caught.value.code].fix
    assert "GENESYS_CLOUD_REGION" in WORDS[caught.value.code].fix


@pytest.mark.parametrize(
    ("header", "date", "message", "seconds"),
    [
        ("60, 120", DATE, "", 120),
        ("120,60", DATE, "", 120),
        ("60, soon", DATE, "", None),
        (",", DATE, "", None),
        ("42", DATE, "", 42),
        (" 0 ", DATE, "", 0),
        ("1.5", DATE, "", 1.5),
        ("9" * 20, DATE, "", LONGEST_WAIT_S),
        ("-5", DATE, "", None),
        ("soon", DATE, "", None),
        ("٣", DATE, "", None),
        (format_datetime(NOW + timedelta(seconds=30), usegmt=True), DATE, "", 30),
        (format_datetime(NOW - timedelta(seconds=30), usegmt=True), DATE, "", 0),
        (format_datetime(NOW + timedelta(days=400), usegmt=True), DATE, "", LONGEST_WAIT_S),
        ("Fri, 31 Feb 2026 00:00:00 GMT", DATE, "", None),
        ("", DATE, "Rate limit exceeded the maximum. Retry the request in [42] seconds", 42),
        ("", DATE, "Retry in 42 seconds", 42),
        ("7", DATE, "Retry in [42] seconds", 7),
        ("", "", "", None),
    ],
)
def test_the_wait_is_read_from_header_or_message(header: str, date: str, message: str, seconds: float | None) -> None:
    assert retry_after_s(CaseInsensitiveDict({"retry-after": header, "DATE": date}), message) == seconds


def test_a_date_without_a_date_header_is_measured_by_our_own_clock() -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    assert retry_after_s({"Retry-After": later}, "") == pytest.approx(60, abs=5)


@pytest.mark.parametrize(
    ("count", "allowed", "reset", "reading"),
    [
        ("7", "300", "42", RateReading(count=7, allowed=300, reset_s=42)),
        ("301", "300", "0", RateReading(count=301, allowed=300, reset_s=0)),
        ("", "300", "42", None),
        ("7", "0", "42", None),
        ("7", "-300", "42", None),
        ("7", "300", "9" * 15, None),
        ("7", "300", "nan", None),
        ("٧", "300", "42", None),
        ("9" * 12, "300", "42", None),
    ],
)
def test_the_rate_limit_headers_are_read_or_left(
    count: str, allowed: str, reset: str, reading: RateReading | None
) -> None:
    headers = {"inin-ratelimit-count": count, "inin-ratelimit-allowed": allowed, "inin-ratelimit-reset": reset}
    assert rate_reading(CaseInsensitiveDict(headers)) == reading


def test_errors_carry_the_reading_and_the_correlation_id_too() -> None:
    body = {"contextId": "k-3", "message": "Retry in [5] seconds"}
    with pytest.raises(NotPlaced) as caught:
        read_call(answer(429, body, inin_ratelimit_count="9", inin_ratelimit_allowed="9", inin_ratelimit_reset="3"))
    assert caught.value.reading == RateReading(count=9, allowed=9, reset_s=3)
    assert (caught.value.correlation_id, caught.value.retry_after_s) == ("k-3", 5)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a\r\nb\x00c\u202ed", "a  b c d"),
        ("tel:+12125551234 is bad", "tel:+*********34 is bad"),
        ("x" * 295 + "+12125551234", "x" * 295 + "+****"),
        (None, ""),
        (7, ""),
    ],
)
def test_a_foreign_text_becomes_one_short_line_without_numbers(text: object, line: str) -> None:
    assert one_line(text) == line


@pytest.mark.parametrize(
    ("expires_in", "life_s"),
    [
        (86_399, 86_399),
        (1e9, 172_800),
        (None, 300),
        ("3600", 300),
        (True, 300),
        (float("inf"), 172_800),
        (float("nan"), 300),
        (10**4000, 172_800),
    ],
)
def test_a_life_that_is_not_told_is_the_shortest_there_is(expires_in: object, life_s: float) -> None:
    grant = read_grant(answer(200, {"access_token": "t", "expires_in": expires_in}))
    assert grant.expires_in_s == life_s
