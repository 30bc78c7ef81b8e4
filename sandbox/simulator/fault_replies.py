"""What the client is answered when it meets a fault: errors, pages of a proxy, and spoiled successes."""

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from sandbox.simulator import delivery
from sandbox.simulator.replies import (
    ApiError,
    Reply,
    error_reply,
    missing_permissions,
    no_permission,
    rate_limited,
)

#: More than 180 s, the longest wait of the published clients.
LONG_RETRY_AFTER_S = 240


class FaultContext(NamedTuple):
    """What a fault may use: the reply that it replaces, the correlation id, and the behavior's `retry_after_s`.

    `published`: the request is one of the published platform, not one of the guide.
    """

    success: Reply
    correlation_id: str
    retry_after_s: int
    published: bool = False


def error_of(status: int, code: str, message: str) -> Callable[[FaultContext], Reply]:
    return lambda context: error_reply(ApiError(status, code, message), context.correlation_id)


def refused(error: Callable[[], ApiError]) -> Callable[[FaultContext], Reply]:
    return lambda context: error_reply(error(), context.correlation_id)


def missing_permission(context: FaultContext) -> Reply:
    error = missing_permissions("conversation:call:add") if context.published else no_permission()
    return error_reply(error, context.correlation_id)


def unavailable_for_a_while(context: FaultContext) -> Reply:
    headers = {"Retry-After": str(context.retry_after_s)}
    error = ApiError(503, "service.unavailable", "The service is unavailable", headers=headers)
    return error_reply(error, context.correlation_id)


def too_many(context: FaultContext) -> Reply:
    return error_reply(rate_limited(context.retry_after_s), context.correlation_id)


def too_many_for_long(context: FaultContext) -> Reply:
    return error_reply(rate_limited(LONG_RETRY_AFTER_S), context.correlation_id)


def too_many_unsaid(context: FaultContext) -> Reply:
    return error_reply(rate_limited(context.retry_after_s, with_header=False), context.correlation_id)


def proxy_page(status: int, title: str) -> Callable[[FaultContext], Reply]:
    page = f"<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>".encode()
    return lambda _: Reply(status=status, body=page, content_type="text/html", from_api=False)


def delivered(deliver: delivery.Deliver, *, told: bool = True) -> Callable[[FaultContext], Reply]:
    return lambda context: replace(context.success, deliver=deliver, told=told)


def without_id(context: FaultContext) -> Reply:
    return replace(context.success, body=b'{"state": "dialing"}')


def empty(context: FaultContext) -> Reply:
    return replace(context.success, body=b"")


def redirect(context: FaultContext) -> Reply:
    # Relative to the request (RFC 3986). 307 keeps the method: a client that follows it sends its POST twice.
    return replace(context.success, status=307, body=b"", headers={"Location": "?redirected=1"})
