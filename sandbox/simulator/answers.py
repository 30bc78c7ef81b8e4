"""What the simulated API says: answers with bodies, codes and headers as the platform documents them.

Sources: the guide's "Common errors", the published SDK's error body, the 429 announcement of 2021-11-10.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from sandbox.simulator.delivery import Deliver, whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One answer. `told` is False where the client never learns the status: silence, or a lost connection."""

    status: int
    body: bytes = b""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    deliver: Deliver = whole
    told: bool = True
    #: False for what a proxy says in the API's place: no correlation id and no rate-limit headers then.
    from_api: bool = True


class ApiError(Exception):
    """The API refuses the request with this status, code and message."""

    def __init__(self, status: int, code: str, message: str, *, headers: Mapping[str, str] | None = None) -> None:
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers or {}
        super().__init__(message)


def json_answer(status: int, content: object) -> Reply:
    return Reply(status=status, body=json.dumps(content).encode())


def error_answer(error: ApiError, context_id: str) -> Reply:
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
    """Build an error of the token endpoint (RFC 6749, section 5.2), with a `description` beside."""
    return json_answer(status, {"error": error, "description": description, "error_description": description})


def rate_limited(retry_after_s: int, *, with_header: bool = True) -> ApiError:
    """Build the documented 429; `Retry-After` is in whole seconds."""
    return ApiError(
        429,
        "too.many.requests.retry.after",
        f"Rate limit exceeded the maximum. Retry the request in [{retry_after_s}] seconds",
        headers={"Retry-After": str(retry_after_s)} if with_header else None,
    )


# Built anew for each use: an exception that is raised again and again keeps every frame it went through.
def malformed_address() -> ApiError:
    return ApiError(400, "bad.request", "Malformed participant address")


def invalid_from_address() -> ApiError:
    return ApiError(400, "bad.request", "Invalid from address")


def not_a_user() -> ApiError:
    return ApiError(400, "not.a.user", "This request requires a user context")


def no_permission() -> ApiError:
    return ApiError(403, "missing.permissions", "Insufficient permissions")


def not_found() -> ApiError:
    return ApiError(404, "not.found", "The requested resource was not found")


def guide_success(conversation_id: str) -> Reply:
    """201 with `id` and `state`, as the guide reads them."""
    return json_answer(201, {"id": conversation_id, "state": "dialing"})


def public_success(conversation_id: str) -> Reply:
    """202 with `id`, `name` and `selfUri`, as the published platform answers since 204.0.0."""
    self_uri = f"/api/v2/conversations/calls/{conversation_id}"
    return json_answer(202, {"id": conversation_id, "name": "", "selfUri": self_uri})
