"""Every fault the simulator can show, by name: what the client sees, and whether the phone rings.

The same names serve three ways to a fault: a magic number, a probability (`faults`), an outage (`outage`).
"""

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from sandbox.simulator import delivery
from sandbox.simulator.answers import (
    ApiError,
    Reply,
    error_answer,
    invalid_from_address,
    malformed_address,
    no_permission,
    not_a_user,
    not_found,
    rate_limited,
)

#: Longer than the 180 s that published clients take for the longest wait.
LONG_RETRY_AFTER_S = 240


class FaultContext(NamedTuple):
    """What a fault has to work with: the answer that would have been given, and its circumstances."""

    success: Reply
    correlation_id: str
    retry_after_s: int


class Fault(NamedTuple):
    """`rings`: the call is accepted and stands in the ledger, whatever the client is told."""

    rings: bool
    sees: str
    answer: Callable[[FaultContext], Reply]
    #: The token that came with the request is gone from then on.
    revokes_token: bool = False


def _error(status: int, code: str, message: str) -> Callable[[FaultContext], Reply]:
    return lambda exchange: error_answer(ApiError(status, code, message), exchange.correlation_id)


def _refusal(error: Callable[[], ApiError]) -> Callable[[FaultContext], Reply]:
    return lambda exchange: error_answer(error(), exchange.correlation_id)


def _unavailable_for_a_while(exchange: FaultContext) -> Reply:
    headers = {"Retry-After": str(exchange.retry_after_s)}
    error = ApiError(503, "service.unavailable", "The service is unavailable", headers=headers)
    return error_answer(error, exchange.correlation_id)


def _too_many(exchange: FaultContext) -> Reply:
    return error_answer(rate_limited(exchange.retry_after_s), exchange.correlation_id)


def _too_many_for_long(exchange: FaultContext) -> Reply:
    return error_answer(rate_limited(LONG_RETRY_AFTER_S), exchange.correlation_id)


def _too_many_unsaid(exchange: FaultContext) -> Reply:
    return error_answer(rate_limited(exchange.retry_after_s, with_header=False), exchange.correlation_id)


def _proxy_page(status: int, title: str) -> Callable[[FaultContext], Reply]:
    page = f"<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>".encode()
    return lambda _: Reply(status=status, body=page, content_type="text/html", from_api=False)


def _delivered(deliver: delivery.Deliver, *, told: bool = True) -> Callable[[FaultContext], Reply]:
    return lambda exchange: replace(exchange.success, deliver=deliver, told=told)


def _without_id(exchange: FaultContext) -> Reply:
    return replace(exchange.success, body=b'{"state": "dialing"}')


def _empty(exchange: FaultContext) -> Reply:
    return replace(exchange.success, body=b"")


def _redirect(exchange: FaultContext) -> Reply:
    # Relative to the request (RFC 3986); 307 keeps the method: a client that follows sends its POST twice.
    return replace(exchange.success, status=307, body=b"", headers={"Location": "?redirected=1"})


_SERVER_ERROR = _error(500, "internal.server.error", "The server encountered an unexpected condition")
_GATEWAY_TIMEOUT = _error(504, "request.timeout", "The request timed out")
_REQUEST_TIMEOUT = _error(408, "request.timeout", "The request timed out")
_BAD_GATEWAY = _proxy_page(502, "502 Bad Gateway")
_HANG = _delivered(delivery.hang, told=False)
_RESET = _delivered(delivery.reset, told=False)
_CLOSE = _delivered(delivery.close, told=False)


FAULTS: dict[str, Fault] = {
    # Refused for good.
    "malformed_participant_address": Fault(False, '400 "Malformed participant address"', _refusal(malformed_address)),
    "invalid_from_address": Fault(False, '400 "Invalid from address"', _refusal(invalid_from_address)),
    "no_user_station": Fault(
        False,
        "400 `conversation.error.no.user.station`",
        _error(400, "conversation.error.no.user.station", "The user has no station"),
    ),
    "not_a_user": Fault(False, "400 `not.a.user`", _refusal(not_a_user)),
    "insufficient_permissions": Fault(False, '403 "Insufficient permissions"', _refusal(no_permission)),
    "not_found": Fault(False, "404 `not.found`", _refusal(not_found)),
    "conflict": Fault(False, "409 `conflict`", _error(409, "conflict", "The request conflicts")),
    "too_large": Fault(
        False, "413 `payload.too.large`", _error(413, "payload.too.large", "The request is too large")
    ),
    # Refused for now.
    "rate_limited": Fault(False, "429 with `Retry-After`", _too_many),
    "rate_limited_for_long": Fault(False, f"429 with `Retry-After: {LONG_RETRY_AFTER_S}`", _too_many_for_long),
    "rate_limited_without_header": Fault(False, "429 without `Retry-After`", _too_many_unsaid),
    "token_expired": Fault(
        False,
        "401 `credentials.expired`, and the token is gone for everybody",
        _error(401, "credentials.expired", "The token has expired"),
        revokes_token=True,
    ),
    "token_refused": Fault(
        False, "401 `bad.credentials`, though the token is sound", _error(401, "bad.credentials", "Bad token")
    ),
    "unavailable_for_a_while": Fault(False, "503 with `Retry-After`", _unavailable_for_a_while),
    # Failed on the other side: what the client sees does not say whether the phone rang.
    "service_unavailable": Fault(
        False,
        "503 without `Retry-After`",
        _error(503, "service.unavailable", "The service is unavailable"),
    ),
    "request_timeout": Fault(False, "408 `request.timeout`", _REQUEST_TIMEOUT),
    "request_timeout_rings": Fault(True, "408 `request.timeout`", _REQUEST_TIMEOUT),
    "server_error": Fault(False, "500 `internal.server.error`", _SERVER_ERROR),
    "server_error_rings": Fault(True, "500 `internal.server.error`", _SERVER_ERROR),
    "no_active_edge": Fault(
        False,
        "500 `providerapi.error.station.no.active.edge`",
        _error(500, "providerapi.error.station.no.active.edge", "The station has no active edge"),
    ),
    "bad_gateway": Fault(False, "502 with an HTML page from a proxy", _BAD_GATEWAY),
    "bad_gateway_rings": Fault(True, "502 with an HTML page from a proxy", _BAD_GATEWAY),
    "gateway_timeout": Fault(False, "504 `request.timeout`", _GATEWAY_TIMEOUT),
    "gateway_timeout_rings": Fault(True, "504 `request.timeout`", _GATEWAY_TIMEOUT),
    # No answer at all.
    "hang": Fault(False, "silence until the client gives up", _HANG),
    "hang_rings": Fault(True, "silence until the client gives up", _HANG),
    "reset": Fault(False, "a TCP reset instead of an answer", _RESET),
    "reset_rings": Fault(True, "a TCP reset instead of an answer", _RESET),
    "close": Fault(False, "a closed connection instead of an answer", _CLOSE),
    "close_rings": Fault(True, "a closed connection instead of an answer", _CLOSE),
    # An answer that says success and cannot be used, or hardly.
    "without_id": Fault(True, "2xx, JSON without an `id`", _without_id),
    "truncated": Fault(True, "2xx, the connection closed in mid-body", _delivered(delivery.truncated)),
    "half_json": Fault(True, "2xx, a JSON text that stops in the middle", _delivered(delivery.half_json)),
    "empty": Fault(True, "2xx with an empty body", _empty),
    "html_success": Fault(False, "200 with an HTML page from a proxy", _proxy_page(200, "Sign in")),
    "drip_headers": Fault(True, "2xx, all of it byte by byte", _delivered(delivery.drip_headers)),
    "drip_body": Fault(True, "2xx, the body byte by byte", _delivered(delivery.drip_body)),
    "huge": Fault(True, "2xx with an `id` and 32 MiB behind it", _delivered(delivery.huge)),
    "redirect": Fault(False, "307 to the same endpoint, where a call would ring", _redirect),
}
