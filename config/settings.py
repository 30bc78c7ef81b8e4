"""What an operator may set, read once from the environment or `.env`, and checked as a whole."""

from dataclasses import dataclass
from enum import StrEnum


class Secret:
    """A text that no `repr`, log or traceback shows; `reveal()` gives it to the one place that needs it."""

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def __bool__(self) -> bool:
        return bool(self._text)

    def __repr__(self) -> str:
        return "Secret('***')"


class Profile(StrEnum):
    GUIDE = "guide"
    PUBLIC = "public"


class Ambiguous(StrEnum):
    HOLD = "hold"
    REDIAL = "redial"


@dataclass(frozen=True, kw_only=True)
class RateLimit:
    """At most `count` requests in any `period_s` seconds, for the whole fleet."""

    count: int
    period_s: float


@dataclass(frozen=True, kw_only=True)
class Settings:
    profile: Profile
    api_url: str
    login_url: str
    client_id: str
    client_secret: Secret
    user_id: str
    wrap_up_code_id: str
    redis_url: Secret
    key_prefix: str
    caller_id: str
    default_region: str
    allowed_regions: frozenset[str]
    allow_premium: bool
    rate_limit: RateLimit
    connect_timeout_s: float
    read_timeout_s: float
    max_attempts: int
    retention_days: float
    ambiguous: Ambiguous
    log_format: str
