"""Reads the headers and the message of an answer. No input makes these functions raise."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

from config.logging import mask
from tasks.errors import RateReading

#: A longer wait is an error of the server, such as a wrong clock; the fleet must not wait for years.
LONGEST_WAIT_S: Final = 86_400.0
_LONGEST_MESSAGE: Final = 300
_SECONDS = re.compile(r"[0-9]{1,20}(\.[0-9]{1,9})?", re.ASCII)
_COUNT = re.compile(r"[0-9]{1,9}", re.ASCII)


def retry_after_s(headers: Mapping[str, str], message: str) -> float | None:
    """Read the Retry-After header (RFC 9110, 10.2.3), else the "in [42] seconds" of the message."""
    header = headers.get("Retry-After", "").strip()
    # Two proxies may each have added a header; RFC 9110, 5.3 joins them with a comma. The longer wait satisfies both.
    waits = [wait.strip() for wait in header.split(",")]
    if all(_SECONDS.fullmatch(wait) for wait in waits):
        return min(max(map(float, waits)), LONGEST_WAIT_S)
    until = http_date(header)
    if until is not None:
        # If the answer has a Date header, the server's clock is used: the local clock may be wrong by minutes.
        now = http_date(headers.get("Date", "")) or datetime.now(UTC)
        return min(max((until - now).total_seconds(), 0.0), LONGEST_WAIT_S)
    found = re.search(r"\bin \[?([0-9]{1,20})\]? seconds", message)
    return min(float(found[1]), LONGEST_WAIT_S) if found else None


def rate_reading(headers: Mapping[str, str]) -> RateReading | None:
    """Read the `inin-ratelimit-*` headers; None when one is missing or not a plausible number."""
    count, allowed, reset = (
        headers.get(f"inin-ratelimit-{name}", "").strip() for name in ("count", "allowed", "reset")
    )
    if not (_COUNT.fullmatch(count) and _COUNT.fullmatch(allowed) and _SECONDS.fullmatch(reset)):
        return None
    if int(allowed) < 1 or float(reset) > LONGEST_WAIT_S:
        return None
    return RateReading(count=int(count), allowed=int(allowed), reset_s=float(reset))


def correlation_id(headers: Mapping[str, str], body: Mapping[str, Any]) -> str | None:
    """Return the id that Genesys support asks for: the header ININ-Correlation-Id, else the body's `contextId`."""
    return one_line(headers.get("ININ-Correlation-Id")) or one_line(body.get("contextId")) or None


def one_line(text: object) -> str:
    """Return a text of another system as one line of at most 300 characters, with phone numbers masked."""
    if not isinstance(text, str):
        return ""
    # The text may be very large, so it is cut roughly first. The exact cut comes after masking: masking does not
    # recognize half a number.
    printable = "".join(c if c.isprintable() else " " for c in text[: 10 * _LONGEST_MESSAGE])
    return mask(printable).strip()[:_LONGEST_MESSAGE]


def http_date(text: str) -> datetime | None:
    """Read a date of HTTP (RFC 9110, 5.6.7); None if it is none."""
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)
