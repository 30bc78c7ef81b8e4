"""What the token endpoint's answer means: a token, refused credentials, or no token at present.

Sources: RFC 6749, 5.1 and 5.2. The rate limit is reported as 400 `invalid_request` (Genesys' Terraform provider).
"""

import math
import re
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

from tasks.codes import Code
from tasks.errors import NotPlaced
from tasks.genesys.answers import Answer, TransportFault
from tasks.genesys.headers import correlation_id, one_line, retry_after_s
from tasks.genesys.profiles import is_header_safe

#: Tokens of Genesys Cloud are valid for 5 minutes to 48 hours.
_SHORTEST_LIFE_S: Final = 300.0
_LONGEST_LIFE_S: Final = 172_800.0
#: Temporary errors in RFC 6749.
_TEMPORARY_ERRORS: Final = frozenset({"server_error", "temporarily_unavailable", "slow_down"})

_MESSAGE_FIELDS: Final = ("error_description", "description", "message", "error")


@dataclass(frozen=True)
class Grant:
    """An access token, and its lifetime in seconds from when it was issued; repr hides the token."""

    access_token: str = field(repr=False)
    expires_in_s: float


def read_grant(answer: Answer) -> Grant:
    """Return the token, or raise NotPlaced with CREDENTIALS_REFUSED or TOKEN_UNAVAILABLE."""
    body = answer.json()
    token = body.get("access_token")
    if answer.is_success and isinstance(token, str) and is_header_safe(token):
        life_s = _life_s(body.get("expires_in"))
        if life_s > 0:
            return Grant(access_token=token, expires_in_s=life_s)
    message = next(filter(None, (one_line(body.get(field)) for field in _MESSAGE_FIELDS)), "no readable message")
    error = body.get("error")
    throttled = re.search("rate limit", message, re.IGNORECASE)
    permanent = isinstance(error, str) and error not in _TEMPORARY_ERRORS
    # 404 and 405: this host has no token endpoint, because the profile and the region do not match.
    refused = answer.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED} or (
        answer.status in {HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN} and permanent and not throttled
    )
    raise NotPlaced(
        Code.CREDENTIALS_REFUSED if refused else Code.TOKEN_UNAVAILABLE,
        f"The token endpoint answered {answer.status}: {message}",
        http_status=answer.status,
        correlation_id=correlation_id(answer.headers, body),
        retry_after_s=None if refused else retry_after_s(answer.headers, message),
    )


def no_grant(fault: TransportFault, reason: str) -> NotPlaced:
    """Return the error for a token request that got no answer."""
    return NotPlaced(Code.TOKEN_UNAVAILABLE, f"The token endpoint did not answer: {fault} ({one_line(reason)})")


def _life_s(expires_in: object) -> float:
    """Return the lifetime in seconds: the shortest possible if it is missing, 0 if the token has expired."""
    if isinstance(expires_in, bool) or not isinstance(expires_in, int | float):
        return _SHORTEST_LIFE_S
    life_s = float(
        min(max(expires_in, 0), _LONGEST_LIFE_S)
    )  # limited first: an integer in JSON can be too large for a float
    return _SHORTEST_LIFE_S if math.isnan(life_s) else life_s
