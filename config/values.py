"""The types of the values of settings."""

from dataclasses import dataclass
from enum import StrEnum


class Secret:
    """A text that no `repr`, log or traceback shows; `reveal()` returns it where it is needed."""

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
    """The form of the Genesys Cloud API: as in the guide, or as published."""

    GUIDE = "guide"
    PUBLIC = "public"


class Ambiguous(StrEnum):
    """What happens to a call that may have been placed: it is held for a person, or dialed again."""

    HOLD = "hold"
    REDIAL = "redial"


class FollowUp(StrEnum):
    """How Dialer learns what became of a placed call: by events and look-ups, by look-ups alone, or not at all."""

    ON = "on"
    LOOKUPS = "lookups"
    OFF = "off"


class LogFormat(StrEnum):
    TEXT = "text"
    JSON = "json"


@dataclass(frozen=True, kw_only=True)
class RateLimit:
    """At most `count` requests in any `period_s` seconds, for the whole fleet."""

    count: int
    period_s: float
