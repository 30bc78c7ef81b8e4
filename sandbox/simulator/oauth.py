"""OAuth client credentials: how the token endpoint handles a request, and the tokens that it issued."""

import base64
import binascii
import math
import secrets
from collections.abc import Callable, Mapping
from typing import NamedTuple

from sandbox.simulator.behavior import Behavior
from sandbox.simulator.rate_window import RateWindows
from sandbox.simulator.replies import ApiError, Reply, json_reply, oauth_error


class _IssuedToken(NamedTuple):
    client: str
    expires_at: float


class IssuedTokens:
    """All tokens that are valid or have expired. `clock` returns epoch seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._tokens: dict[str, _IssuedToken] = {}
        self.issued = 0

    def issue(self, client: str, life_s: float) -> str:
        token = secrets.token_urlsafe(32)
        self._tokens[token] = _IssuedToken(client, self._clock() + life_s)
        self.issued += 1
        return token

    def client_of(self, authorization: str) -> tuple[str, str]:
        """Return the OAuth client and the token of an Authorization header. Raises ApiError (401)."""
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise ApiError(401, "authentication.required", "No authentication bearer token specified")
        grant = self._tokens.get(token)
        if grant is None:
            raise ApiError(401, "bad.credentials", "Invalid login credentials")
        if self._clock() >= grant.expires_at:
            raise ApiError(401, "credentials.expired", "The token has expired")
        return grant.client, token

    def newest(self, client: str) -> str | None:
        """Return the token that the client was issued last, if it was not revoked."""
        return next((token for token, grant in reversed(self._tokens.items()) if grant.client == client), None)

    def revoke(self, token: str) -> None:
        self._tokens.pop(token, None)

    def revoke_all(self) -> int:
        revoked = self.alive()
        self._tokens.clear()
        return revoked

    def alive(self) -> int:
        now = self._clock()
        return sum(grant.expires_at > now for grant in self._tokens.values())


class _Credentials(NamedTuple):
    client: str
    secret: str


def token_reply(
    form: Mapping[str, object],
    authorization: str,
    *,
    behavior: Behavior,
    tokens: IssuedTokens,
    windows: RateWindows[str],
) -> Reply:
    """Reply to `POST /oauth/token`. Its own rate limit is a 400, not a 429 (Genesys' Terraform provider)."""
    credentials = _credentials(form, authorization, behavior.profile)
    if credentials is None or credentials.secret != behavior.client_secret:
        return oauth_error(401, "invalid_client", "client not found or secret wrong")
    if form.get("grant_type") != "client_credentials":
        return oauth_error(400, "unsupported_grant_type", "expected client_credentials")
    reading = windows.spend(
        credentials.client, allowed=behavior.token_rate_limit, window_s=behavior.token_rate_window_s
    )
    if not reading.admitted:
        message = f"rate limit exceeded. Retry the request in [{reading.reset_s}] seconds"
        return oauth_error(400, "invalid_request", message)
    token = tokens.issue(credentials.client, behavior.token_life_s)
    return json_reply(
        200, {"access_token": token, "token_type": "bearer", "expires_in": math.ceil(behavior.token_life_s)}
    )


def _credentials(form: Mapping[str, object], authorization: str, profile: str) -> _Credentials | None:
    """Return the credentials from HTTP Basic (public) or the form (guide), if the profile accepts them there."""
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() == "basic":
        return _basic(encoded) if profile != "guide" else None
    client, secret = form.get("client_id"), form.get("client_secret")
    if profile != "public" and isinstance(client, str) and isinstance(secret, str) and client:
        return _Credentials(client, secret)
    return None


def _basic(encoded: str) -> _Credentials | None:
    try:
        client, colon, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return _Credentials(client, secret) if client and colon else None
