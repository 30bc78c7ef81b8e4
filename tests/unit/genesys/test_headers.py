"""What is read from the headers and the message of an answer."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from requests.structures import CaseInsensitiveDict

from tasks.errors import RateReading
from tasks.genesys.headers import LONGEST_WAIT_S, one_line, rate_reading, retry_after_s

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
DATE = format_datetime(NOW, usegmt=True)


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
