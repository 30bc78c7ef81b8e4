"""What the token endpoint's answer means: a grant, credentials that it refuses, or no token at present.

Sources: RFC 6749, 5.1 and 5.2; its rate limit comes as 400 `invalid_request` (Genesys' Terraform provider).
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

#: Genesys lets a client's tokens live 5 minutes to 48 hours.
_SHORTEST_LIFE_S: Final = 300.0
_LONGEST_LIFE_S: Final = 172_800.0
#: Errors of RFC 6749 that pass by themselves.
_PASSING_ERRORS: Final = frozenset({"server_error", "temporarily_unavailable", "slow_down"})

_MESSAGE_FIELDS: Final = ("error_description", "description", "message", "error")


@dataclass(frozen=True)
class Grant:
    """An access token and its lifetime in seconds from the moment it was issued; repr hides the token."""

    access_token: str = field(repr=False)
    expires_in_s: float


def read_grant(answer: Answer) -> Grant:
    """Return the token, or raise NotPlaced with CREDENTIALS_REFUSED or TOKEN_UNAVAILABLE; nothing else."""
    body = answer.json()
    token = body.get("access_token")
    if answer.is_success and isinstance(token, str) and is_header_safe(token):
        life_s = _life_s(body.get("expires_in"))
        if life_s > 0:
            return Grant(access_token=token, expires_in_s=life_s)
    message = next(filter(None, (one_line(body.get(field)) for field in _MESSAGE_FIELDS)), "nothing readable")
    error = body.get("error")
    throttled = re.search("rate limit", message, re.IGNORECASE)
    named = isinstance(error, str) and error not in _PASSING_ERRORS
    # 404 and 405: there is no token endpoint at this host, because profile and region do not fit.
    refused = answer.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED} or (
        answer.status in {HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN} and named and not throttled
    )
    raise NotPlaced(
        Code.CREDENTIALS_REFUSED if refused else Code.TOKEN_UNAVAILABLE,
        f"The token endpoint answered {answer.status}: {message}",
        http_status=answer.status,
        correlation_id=correlation_id(answer.headers, body),
        retry_after_s=None if refused else retry_after_s(answer.headers, message),
    )


def no_grant(fault: TransportFault, reason: str) -> NotPlaced:
    """Return the error for an exchange with the token endpoint that ended without even a status."""
    return NotPlaced(Code.TOKEN_UNAVAILABLE, f"The token endpoint gave no answer: {fault} ({one_line(reason)})")


def _life_s(expires_in: object) -> float:
    """Seconds; the shortest there is when the answer does not say, none when the token is spent already."""
    if isinstance(expires_in, bool) or not isinstance(expires_in, int | float):
        return _SHORTEST_LIFE_S
    life_s = float(min(max(expires_in, 0), _LONGEST_LIFE_S))  # bounded first: JSON's whole numbers have no end
    return _SHORTEST_LIFE_S if math.isnan(life_s) else life_s
