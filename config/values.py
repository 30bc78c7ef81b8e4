"""The values that settings are made of."""

from dataclasses import dataclass
from enum import StrEnum


class Secret:
    """A text that no `repr`, log or traceback shows; `reveal()` gives it to the one place that needs it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __repr__(self) -> str:
        return "Secret('***')"


class Profile(StrEnum):
    """Which Genesys Cloud is spoken to: the guide's, or the published platform's."""

    GUIDE = "guide"
    PUBLIC = "public"


class Ambiguous(StrEnum):
    """What becomes of a call that may have been placed: held for a person, or dialed again."""

    HOLD = "hold"
    REDIAL = "redial"


class LogFormat(StrEnum):
    TEXT = "text"
    JSON = "json"


@dataclass(frozen=True, kw_only=True)
class RateLimit:
    """At most `count` requests in any `period_s` seconds, for the whole fleet."""

    count: int
    period_s: float
