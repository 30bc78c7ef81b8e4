"""The table that says what each answer of the API, or a missing answer, means for the call.

The first row of `TABLE` that matches decides. The status and Genesys' error code count. The message is used only to
distinguish the two kinds of invalid address, as in the guide. Sources: the guide's "Common errors", and the error
codes of the published SDK.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from http import HTTPStatus
from typing import Any, Final, NamedTuple

from tasks.codes import WORDS, Code
from tasks.errors import DialError, NotPlaced, Refused, Unknown
from tasks.genesys.call import PlacedCall
from tasks.genesys.headers import correlation_id, one_line, rate_reading, retry_after_s


class TransportFault(StrEnum):
    """Why an answer could not be read completely."""

    NOT_SENT = "no byte of the request was written"
    TIMED_OUT = "the request timed out"
    BROKEN = "the connection broke, or the answer was not HTTP"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An HTTP answer. `fault` says why the body is incomplete. The names in `headers` are case-insensitive."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    fault: TransportFault | None = None

    @property
    def is_success(self) -> bool:
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES

    @property
    def is_by_the_api(self) -> bool:
        """Whether Genesys Cloud sent the answer: the page of a proxy has no JSON object and no correlation id."""
        return self.has_json or correlation_id(self.headers, {}) is not None

    @property
    def has_json(self) -> bool:
        """Whether the body is a JSON object, complete and readable."""
        return self._object is not None

    def json(self) -> dict[str, Any]:
        """Return the JSON object of the body, or an empty one for any other body, such as HTML from a proxy."""
        return self._object or {}

    @cached_property
    def _object(self) -> dict[str, Any] | None:
        try:
            body = json.loads(self.body)
        except (ValueError, RecursionError):
            return None
        return body if isinstance(body, dict) else None


class Meaning(NamedTuple):
    on: TransportFault | range
    error: type[DialError]
    code: Code
    #: The row matches only if the body's `code` is one of these.
    api_codes: frozenset[str] = frozenset()
    #: The row matches only if the body's `message` matches this pattern.
    message: str = ""
    #: The row matches only with a valid Retry-After header.
    retry_after: bool = False
    #: The row matches only if Genesys Cloud did not send the answer: a proxy's refusal proves nothing about the call.
    by_a_proxy: bool = False


def _is(status: int) -> range:
    return range(status, status + 1)


_LONGEST_ID: Final = 200  # Genesys' ids have 36 characters

_STATION_CODES = frozenset(
    {
        "conversation.error.no.user.station",
        "providerapi.error.station.no.active.edge",
        "providerapi.error.no.station.for.edge",
    }
)
# "Malformed syntax" is Genesys' message for any bad request, so the word "malformed" alone is not sufficient.
_PARTICIPANT = r"malformed.{0,40}(participant|address)|participant address"
_CALLER_ID = r"invalid.{0,20}\bfrom\b|\bfrom (address|number)|caller ?id"

TABLE: Final = (
    # There is no answer.
    Meaning(TransportFault.NOT_SENT, NotPlaced, Code.COULD_NOT_CONNECT),
    Meaning(TransportFault.TIMED_OUT, Unknown, Code.NO_ANSWER_FROM_API),
    Meaning(TransportFault.BROKEN, Unknown, Code.CONNECTION_LOST),
    # A 2xx with a conversation id is a placed call, and is not looked up here. A redirect is never followed. It may
    # not come from Genesys Cloud, so it proves nothing.
    Meaning(range(100, 200), Unknown, Code.UNEXPECTED_STATUS),
    Meaning(range(200, 300), Unknown, Code.UNREADABLE_ANSWER),
    Meaning(range(300, 400), Unknown, Code.UNEXPECTED_STATUS),
    Meaning(_is(407), NotPlaced, Code.COULD_NOT_CONNECT),  # only a proxy sends this, without forwarding the request
    Meaning(_is(429), NotPlaced, Code.RATE_LIMITED),
    Meaning(range(400, 500), Unknown, Code.UNEXPECTED_STATUS, by_a_proxy=True),
    # Refusals by error code, with any status: errors of the edge have status 500.
    Meaning(range(400, 600), Refused, Code.NO_STATION, api_codes=_STATION_CODES),
    Meaning(_is(400), Refused, Code.NOT_A_USER, api_codes=frozenset({"not.a.user"})),
    Meaning(_is(400), Refused, Code.MALFORMED_PARTICIPANT_ADDRESS, message=_PARTICIPANT),
    Meaning(_is(400), Refused, Code.INVALID_FROM_ADDRESS, message=_CALLER_ID),
    Meaning(_is(401), NotPlaced, Code.TOKEN_REFUSED),
    Meaning(_is(403), Refused, Code.INVALID_FROM_ADDRESS, message=_CALLER_ID),
    Meaning(_is(403), Refused, Code.INSUFFICIENT_PERMISSIONS),
    Meaning(_is(404), Refused, Code.NOT_FOUND),
    Meaning(_is(408), Unknown, Code.NO_ANSWER_FROM_API),
    Meaning(range(400, 500), Refused, Code.BAD_REQUEST),  # such as 409, 413, 415 and 422
    Meaning(_is(503), NotPlaced, Code.SERVICE_UNAVAILABLE, retry_after=True),
    Meaning(range(500, 600), Unknown, Code.SERVER_ERROR),
    Meaning(range(600, 1000), Unknown, Code.UNEXPECTED_STATUS),
)


def read_call(answer: Answer) -> PlacedCall:
    """Return the placed call, or raise the error of the matching row of `TABLE`; no answer raises anything else."""
    body = answer.json()
    correlation = correlation_id(answer.headers, body)
    reading = rate_reading(answer.headers)
    conversation_id = body.get("id")
    if answer.is_success and isinstance(conversation_id, str) and _is_id(conversation_id):
        return PlacedCall(
            conversation_id=conversation_id,
            http_status=answer.status,
            correlation_id=correlation,
            reading=reading,
        )
    code, message = error_words(body)
    row = _row(answer, code, message)
    raise row.error(
        row.code,
        message or None,
        http_status=answer.status,
        correlation_id=correlation,
        retry_after_s=retry_after_s(answer.headers, message) if row.error is NotPlaced else None,
        reading=reading,
    )


def no_answer(fault: TransportFault, reason: str) -> DialError:
    """Return the error for a request that got no answer."""
    row = next(row for row in TABLE if row.on is fault)
    return row.error(row.code, f"{WORDS[row.code].meaning} ({one_line(reason)})")


def error_words(body: Mapping[str, Any]) -> tuple[str, str]:
    """Code and message of an error body, wherever it has them: `message`, `error`, or the first of `errors`."""
    errors = body.get("errors")
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    messages = (one_line(text) for text in (body.get("message"), body.get("error"), first.get("message")))
    codes = (code for code in (body.get("code"), first.get("code")) if isinstance(code, str))
    return next(codes, ""), next(filter(None, messages), "")


def _row(answer: Answer, api_code: str, message: str) -> Meaning:
    headers_retry_after_s = retry_after_s(answer.headers, "")
    for row in TABLE:
        if (
            _applies_to(row, answer)
            and (not row.api_codes or api_code in row.api_codes)
            and (not row.message or re.search(row.message, message, re.IGNORECASE))
            and (not row.retry_after or headers_retry_after_s is not None)
            and not (row.by_a_proxy and answer.is_by_the_api)
        ):
            return row
    raise AssertionError(answer.status)  # http.client accepts only a status from 100 to 999


def _applies_to(row: Meaning, answer: Answer) -> bool:
    if isinstance(row.on, TransportFault):
        # An incomplete body makes only a success unclear: the meaning of any other status needs no body.
        return row.on is answer.fault and answer.is_success
    return answer.status in row.on


def _is_id(text: str) -> bool:
    return 0 < len(text) <= _LONGEST_ID and text.isprintable()
