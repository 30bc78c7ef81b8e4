"""Every fault that the simulator can produce, by name: what the client sees, and whether the phone rings.

A fault is caused by a magic number, by probability (`faults`), or by an outage (`outage`); all use the same names.
"""

from collections.abc import Callable
from typing import NamedTuple

from sandbox.simulator import delivery
from sandbox.simulator.fault_replies import (
    LONG_RETRY_AFTER_S,
    FaultContext,
    delivered,
    empty,
    error_of,
    missing_permission,
    proxy_page,
    redirect,
    refused,
    too_many,
    too_many_for_long,
    too_many_unsaid,
    unavailable_for_a_while,
    without_id,
)
from sandbox.simulator.replies import (
    Reply,
    invalid_from_address,
    malformed_address,
    not_a_user,
    not_found,
    too_large,
)


class Fault(NamedTuple):
    """`rings`: the call is accepted and in the call log, whatever the client is told."""

    rings: bool
    sees: str
    reply: Callable[[FaultContext], Reply]
    #: Whether the token of the request is revoked.
    revokes_token: bool = False


_SERVER_ERROR = error_of(500, "internal.server.error", "The server encountered an unexpected condition")
_GATEWAY_TIMEOUT = error_of(504, "request.timeout", "The request timed out")
_CLIENT_TIMEOUT = error_of(408, "client.timeout", "The request timed out")
_BAD_GATEWAY = proxy_page(502, "502 Bad Gateway")
_HANG = delivered(delivery.hang, told=False)
_RESET = delivered(delivery.reset, told=False)
_CLOSE = delivered(delivery.close, told=False)


FAULTS: dict[str, Fault] = {
    # Refused permanently.
    "malformed_participant_address": Fault(False, '400 "Malformed participant address"', refused(malformed_address)),
    "invalid_from_address": Fault(False, '400 "Invalid from address"', refused(invalid_from_address)),
    "no_user_station": Fault(
        False,
        "400 `conversation.error.no.user.station`",
        error_of(400, "conversation.error.no.user.station", "A station is required to place a call."),
    ),
    "not_a_user": Fault(False, "400 `not.a.user`", refused(not_a_user)),
    "insufficient_permissions": Fault(False, "403 `missing.permissions`", missing_permission),
    "not_found": Fault(False, "404 `not.found`", refused(not_found)),
    "conflict": Fault(
        False, "409 `general.conflict`", error_of(409, "general.conflict", "The request conflicts with another one")
    ),
    "too_large": Fault(False, "413 `request.entity.too.large`", refused(too_large)),
    "ip_not_authorized": Fault(
        False, "401 `ip.not.authorized`", error_of(401, "ip.not.authorized", "The client's IP address is not allowed")
    ),
    "forbidden_by_proxy": Fault(False, "403 with an HTML page from a proxy", proxy_page(403, "403 Forbidden")),
    # Refused temporarily.
    "rate_limited": Fault(False, "429 with `Retry-After`", too_many),
    "rate_limited_for_long": Fault(False, f"429 with `Retry-After: {LONG_RETRY_AFTER_S}`", too_many_for_long),
    "rate_limited_without_header": Fault(False, "429 without `Retry-After`", too_many_unsaid),
    "token_expired": Fault(
        False,
        "401 `credentials.expired`, and the token is revoked for all its users",
        error_of(401, "credentials.expired", "The token has expired"),
        revokes_token=True,
    ),
    "token_refused": Fault(
        False, "401 `bad.credentials`, though the token is valid", error_of(401, "bad.credentials", "Bad token")
    ),
    "unavailable_for_a_while": Fault(False, "503 with `Retry-After`", unavailable_for_a_while),
    # Server errors: the reply does not say whether the phone rang.
    "service_unavailable": Fault(
        False,
        "503 without `Retry-After`",
        error_of(503, "service.unavailable", "The service is unavailable"),
    ),
    "request_timeout": Fault(False, "408 `client.timeout`", _CLIENT_TIMEOUT),
    "request_timeout_rings": Fault(True, "408 `client.timeout`", _CLIENT_TIMEOUT),
    "server_error": Fault(False, "500 `internal.server.error`", _SERVER_ERROR),
    "server_error_rings": Fault(True, "500 `internal.server.error`", _SERVER_ERROR),
    "no_active_edge": Fault(
        False,
        "500 `providerapi.error.station.no.active.edge`",
        error_of(500, "providerapi.error.station.no.active.edge", "The station has no active edge"),
    ),
    "no_station_for_edge": Fault(
        False,
        "500 `providerapi.error.no.station.for.edge`",
        error_of(500, "providerapi.error.no.station.for.edge", "The edge knows no such station"),
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
    "without_id": Fault(True, "2xx, JSON without an `id`", without_id),
    "truncated": Fault(True, "2xx, and the connection closes in mid-body", delivered(delivery.truncated)),
    "half_json": Fault(True, "2xx, a JSON text that stops in the middle", delivered(delivery.half_json)),
    "empty": Fault(True, "2xx with an empty body", empty),
    "html_success": Fault(False, "200 with an HTML page from a proxy", proxy_page(200, "Sign in")),
    "drip_headers": Fault(True, "2xx, sent byte by byte", delivered(delivery.drip_headers)),
    "drip_body": Fault(True, "2xx, the body sent byte by byte", delivered(delivery.drip_body)),
    "huge": Fault(True, "2xx with an `id`, followed by 32 MiB", delivered(delivery.huge)),
    "redirect": Fault(False, "307 to the same endpoint, which would place the call", redirect),
}
