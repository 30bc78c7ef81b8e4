"""An OAuth token as the identity provider issued it."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Grant:
    """An access token and its lifetime in seconds from the moment it was issued; repr hides the token."""

    access_token: str = field(repr=False)
    expires_in_s: float
