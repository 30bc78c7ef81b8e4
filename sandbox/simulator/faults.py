"""Every fault that the simulator can produce, by name: what the client sees, and whether the phone rings.

A fault is caused by a magic number, by probability (`faults`), or by an outage (`outage`); all use the same names.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from sandbox.simulator import delivery
from sandbox.simulator.replies import (
    ApiError,
    Reply,
    error_reply,
    invalid_from_address,
    malformed_address,
    no_permission,
    not_a_user,
    not_found,
    rate_limited,
)

#: More than 180 s, the longest wait of the published clients.
LONG_RETRY_AFTER_S = 240


class FaultContext(NamedTuple):
    """What a fault may use: the reply that it replaces, the correlation id, and the behavior's `retry_after_s`."""

    success: Reply
    correlation_id: str
    retry_after_s: int


class Fault(NamedTuple):
    """`rings`: the call is accepted and in the call log, whatever the client is told."""

    rings: bool
    sees: str
    reply: Callable[[FaultContext], Reply]
    #: Whether the token of the request is revoked.
    revokes_token: bool = False


def _error(status: int, code: str, message: str) -> Callable[[FaultContext], Reply]:
    return lambda context: error_reply(ApiError(status, code, message), context.correlation_id)


def _refusal(error: Callable[[], ApiError]) -> Callable[[FaultContext], Reply]:
    return lambda context: error_reply(error(), context.correlation_id)


def _unavailable_for_a_while(context: FaultContext) -> Reply:
    headers = {"Retry-After": str(context.retry_after_s)}
    error = ApiError(503, "service.unavailable", "The service is unavailable", headers=headers)
    return error_reply(error, context.correlation_id)


def _too_many(context: FaultContext) -> Reply:
    return error_reply(rate_limited(context.retry_after_s), context.correlation_id)


def _too_many_for_long(context: FaultContext) -> Reply:
    return error_reply(rate_limited(LONG_RETRY_AFTER_S), context.correlation_id)


def _too_many_unsaid(context: FaultContext) -> Reply:
    return error_reply(rate_limited(context.retry_after_s, with_header=False), context.correlation_id)


def _proxy_page(status: int, title: str) -> Callable[[FaultContext], Reply]:
    page = f"<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>".encode()
    return lambda _: Reply(status=status, body=page, content_type="text/html", from_api=False)


def _delivered(deliver: delivery.Deliver, *, told: bool = True) -> Callable[[FaultContext], Reply]:
    return lambda context: replace(context.success, deliver=deliver, told=told)


def _without_id(context: FaultContext) -> Reply:
    return replace(context.success, body=b'{"state": "dialing"}')


def _empty(context: FaultContext) -> Reply:
    return replace(context.success, body=b"")


def _redirect(context: FaultContext) -> Reply:
    # Relative to the request (RFC 3986). 307 keeps the method: a client that follows it sends its POST twice.
    return replace(context.success, status=307, body=b"", headers={"Location": "?redirected=1"})


_SERVER_ERROR = _error(500, "internal.server.error", "The server encountered an unexpected condition")
_GATEWAY_TIMEOUT = _error(504, "request.timeout", "The request timed out")
_REQUEST_TIMEOUT = _error(408, "request.timeout", "The request timed out")
_BAD_GATEWAY = _proxy_page(502, "502 Bad Gateway")
_HANG = _delivered(delivery.hang, told=False)
_RESET = _delivered(delivery.reset, told=False)
_CLOSE = _delivered(delivery.close, told=False)


FAULTS: dict[str, Fault] = {
    # Refused permanently.
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
    # Refused temporarily.
    "rate_limited": Fault(False, "429 with `Retry-After`", _too_many),
    "rate_limited_for_long": Fault(False, f"429 with `Retry-After: {LONG_RETRY_AFTER_S}`", _too_many_for_long),
    "rate_limited_without_header": Fault(False, "429 without `Retry-After`", _too_many_unsaid),
    "token_expired": Fault(
        False,
        "401 `credentials.expired`, and the token is revoked for all its users",
        _error(401, "credentials.expired", "The token has expired"),
        revokes_token=True,
    ),
    "token_refused": Fault(
        False, "401 `bad.credentials`, though the token is valid", _error(401, "bad.credentials", "Bad token")
    ),
    "unavailable_for_a_while": Fault(False, "503 with `Retry-After`", _unavailable_for_a_while),
    # Server errors: the reply does not say whether the phone rang.
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
    # No response at all.
    "hang": Fault(False, "no response until the client gives up", _HANG),
    "hang_rings": Fault(True, "no response until the client gives up", _HANG),
    "reset": Fault(False, "a TCP reset instead of a response", _RESET),
    "reset_rings": Fault(True, "a TCP reset instead of a response", _RESET),
    "close": Fault(False, "a closed connection instead of a response", _CLOSE),
    "close_rings": Fault(True, "a closed connection instead of a response", _CLOSE),
    # A success that the client cannot use, or only with difficulty.
    "without_id": Fault(True, "2xx, JSON without an `id`", _without_id),
    "truncated": Fault(True, "2xx, and the connection closes in mid-body", _delivered(delivery.truncated)),
    "half_json": Fault(True, "2xx, a JSON text that stops in the middle", _delivered(delivery.half_json)),
    "empty": Fault(True, "2xx with an empty body", _empty),
    "html_success": Fault(False, "200 with an HTML page from a proxy", _proxy_page(200, "Sign in")),
    "drip_headers": Fault(True, "2xx, sent byte by byte", _delivered(delivery.drip_headers)),
    "drip_body": Fault(True, "2xx, the body sent byte by byte", _delivered(delivery.drip_body)),
    "huge": Fault(True, "2xx with an `id`, followed by 32 MiB", _delivered(delivery.huge)),
    "redirect": Fault(False, "307 to the same endpoint, which would place the call", _redirect),
}
