"""Strict parsing of a create-call request, in the format of the guide and in the published one."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.simulator.replies import ApiError, malformed_address, not_a_user

#: E.164: a plus sign and up to 15 digits, the first of which is not 0.
_E164 = re.compile(r"\+[1-9][0-9]{1,14}")
_TEL_URI = re.compile(r"tel:(\+[1-9][0-9]{1,14})")


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestedCall:
    """The call that a request asks for. Numbers are E.164, without `tel:`; `from_` may be empty (public format)."""

    to: str
    from_: str
    user_id: str
    queue_id: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)


def read_guide_request(body: bytes) -> RequestedCall:
    """Read `{"to":{"phoneNumber":"tel:+…"},"from":…,"user":{"id":…},"wrapUpCode":…}`. Raises ApiError."""
    content = _object(body)
    if "phoneNumber" in content:
        # The published body belongs to a logged-in user at this path, and client credentials are none.
        raise not_a_user()
    to, from_ = (_tel_uri(_inner(content, name, "phoneNumber")) for name in ("to", "from"))
    user_id = _required(_inner(content, "user", "id"), "user.id")
    _required(_inner(content, "wrapUpCode", "id"), "wrapUpCode.id")
    return RequestedCall(to=to, from_=from_, user_id=user_id, attributes=_attributes(content))


def read_public_request(body: bytes, user_id: str) -> RequestedCall:
    """Read the published SDK's flat body: `phoneNumber`, `callerId`, … Raises ApiError (400)."""
    content = _object(body)
    caller_id = content.get("callerId")
    return RequestedCall(
        to=_e164(content.get("phoneNumber")),
        from_="" if caller_id is None else _e164(caller_id),
        user_id=user_id,
        queue_id=str(content.get("callFromQueueId") or ""),
        attributes=_attributes(content),
    )


def _object(body: bytes) -> dict[str, Any]:
    try:
        content = json.loads(body)
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise ApiError(400, "bad.request", "The request body is not a JSON object")
    return content


def _inner(content: dict[str, Any], outer: str, inner: str) -> object:
    value = content.get(outer)
    return value.get(inner) if isinstance(value, dict) else None


def _required(value: object, name: str) -> str:
    if not isinstance(value, str) or not value:
        raise ApiError(400, "invalid.value", f"{name} is required")
    return value


def _tel_uri(value: object) -> str:
    match = _TEL_URI.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise malformed_address()
    return match[1]


def _e164(value: object) -> str:
    if not isinstance(value, str) or not _E164.fullmatch(value):
        raise malformed_address()
    return value


def _attributes(content: dict[str, Any]) -> dict[str, str]:
    attributes = content.get("attributes") or {}
    if not isinstance(attributes, dict) or not all(isinstance(value, str) for value in attributes.values()):
        raise ApiError(400, "invalid.value", "attributes must map text to text")
    return attributes
