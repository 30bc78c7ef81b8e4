"""The pause of the fleet: while any reason holds, nothing is sent, and jobs wait in Redis."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from redis import Redis

from tasks.store import keys
from tasks.store.client import now_ms
from tasks.store.scripts import source


class PauseReason(StrEnum):
    """Why the fleet is paused; several reasons can hold at the same time."""

    #: Genesys Cloud answered 429; ends automatically.
    RATE_LIMIT = "rate_limit"
    #: Several requests in a row failed or got no clear answer; ends when a probe gets a clear answer.
    OUTAGE = "outage"
    #: The client id or secret is refused; ends when a probe is placed.
    CREDENTIALS = "credentials"
    #: Several jobs in a row were refused with the same code, such as a missing permission; the same.
    REFUSAL = "refusal"
    #: Several requests are in progress and none was answered; ends automatically, within a second.
    SILENCE = "silence"
    #: Redis was restarted; ends automatically, when all calls in progress have ended and are recorded.
    RESTART = "restart"
    #: No user picked up their own phone; ends after some minutes, or when a person says that they are there.
    NOBODY_THERE = "nobody_there"
    #: A person paused the fleet; ends when a person resumes it, or after a given time.
    OPERATOR = "operator"


@dataclass(frozen=True, kw_only=True)
class ActivePause:
    """One reason that holds now."""

    reason: PauseReason
    message: str
    since: datetime
    #: None if only a person ends it.
    until: datetime | None


class Pause:
    """Begins, ends and lists pauses. Raises LedgerUnavailable when Redis does not answer."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._begin = redis.register_script(source("pause_begin"))
        self._end = redis.register_script(source("pause_end"))

    def begin(self, reason: PauseReason, message: str, *, for_s: float | None) -> ActivePause | None:
        """Pause the fleet for `for_s` seconds, or without an end; return the pause that it replaces."""
        replaced = self._begin(
            keys=[keys.pause],
            args=[reason, json.dumps(message), "" if for_s is None else int(for_s * 1000)],
        )
        return _active(reason, json.loads(replaced)) if replaced else None

    def end(self, *reasons: PauseReason) -> int:
        """End the pauses for these reasons; return how many of them held."""
        return int(self._end(keys=[keys.pause, keys.wake, keys.breaker, keys.users_aside], args=list(reasons)))

    def entries(self) -> list[ActivePause]:
        """Return the reasons that hold now, by Redis' clock, the oldest first."""
        now = now_ms(self._redis)
        raw: Any = self._redis.hgetall(keys.pause)
        found = [(PauseReason(reason), json.loads(entry)) for reason, entry in raw.items()]
        held = [
            _active(reason, entry) for reason, entry in found if entry["until_ms"] is None or entry["until_ms"] > now
        ]
        return sorted(held, key=lambda entry: entry.since)


def _active(reason: PauseReason, entry: dict[str, Any]) -> ActivePause:
    return ActivePause(
        reason=reason,
        message=entry["message"],
        since=_instant(entry["since_ms"]),
        until=entry["until_ms"] and _instant(entry["until_ms"]),
    )


def _instant(ms: float) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
