"""The replies of the simulated API: bodies, codes and headers as the platform documents them.

Sources: the guide's "Common errors", the published SDK's error body, the error codes and words of the published
swagger, the 429 announcement of 2021-11-10.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from sandbox.simulator.delivery import Deliver, whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One HTTP reply. `told` is False if the client never learns the status: no response, or a lost connection."""

    status: int
    body: bytes = b""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    deliver: Deliver = whole
    told: bool = True
    #: False if a proxy replies in place of the API: without correlation id and rate-limit headers.
    from_api: bool = True


class ApiError(Exception):
    """The API refuses the request with this status, code and message."""

    def __init__(self, status: int, code: str, message: str, *, headers: Mapping[str, str] | None = None) -> None:
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers or {}
        super().__init__(message)


def json_reply(status: int, content: object) -> Reply:
    return Reply(status=status, body=json.dumps(content).encode())


def error_reply(error: ApiError, context_id: str) -> Reply:
    """Build the error body of the published SDK (`ErrorBody`); `contextId` repeats the correlation id."""
    body = {
        "message": error.message,
        "code": error.code,
        "status": error.status,
        "messageWithParams": error.message,
        "messageParams": {},
        "contextId": context_id,
        "details": [],
        "errors": [],
    }
    return Reply(status=error.status, body=json.dumps(body).encode(), headers=error.headers)


def oauth_error(status: int, error: str, description: str) -> Reply:
    """Build an error of the token endpoint (RFC 6749, section 5.2), with an additional `description`."""
    return json_reply(status, {"error": error, "description": description, "error_description": description})


def rate_limited(retry_after_s: int, *, with_header: bool = True) -> ApiError:
    """Build the documented 429; `Retry-After` is in whole seconds."""
    return ApiError(
        429,
        "too.many.requests.retry.after",
        f"Rate limit exceeded the maximum. Retry the request in [{retry_after_s}] seconds",
        headers={"Retry-After": str(retry_after_s)} if with_header else None,
    )


# A new exception for each use: one that is raised repeatedly keeps a reference to every frame that it passed.
def malformed_address() -> ApiError:
    return ApiError(400, "bad.request", "Malformed participant address")


def invalid_from_address() -> ApiError:
    return ApiError(400, "bad.request", "Invalid from address")


def not_a_user() -> ApiError:
    return ApiError(400, "not.a.user", "This request requires a user context")


def no_permission() -> ApiError:
    """Build the 403 in the words of the guide."""
    return ApiError(403, "missing.permissions", "Insufficient permissions")


def missing_permissions(*permissions: str) -> ApiError:
    """Build the 403 in the published words; any one of several permissions would do."""
    listed = f"[{', '.join(permissions)}]"
    if len(permissions) == 1:
        code, words = "missing.permissions", "You are missing the following permission(s):"
    else:
        code, words = "missing.any.permissions", "You must have at least one of the following permissions assigned:"
    return ApiError(403, code, f"Unable to perform the requested action. {words} {listed}")


def not_found() -> ApiError:
    return ApiError(404, "not.found", "The requested resource was not found")


def conversation_not_found() -> ApiError:
    return ApiError(404, "conversation.error.conversation.not.found", "The conversation was not found")


def too_large() -> ApiError:
    return ApiError(413, "request.entity.too.large", "The request is too large")


def guide_success(conversation_id: str) -> Reply:
    """Build the 201 of the guide, with `id` and `state`."""
    return json_reply(201, {"id": conversation_id, "state": "dialing"})


def public_success(conversation_id: str) -> Reply:
    """Build the 202 of the published platform since 204.0.0, with `id`, `name` and `selfUri`."""
    self_uri = f"/api/v2/conversations/calls/{conversation_id}"
    return json_reply(202, {"id": conversation_id, "name": "", "selfUri": self_uri})
