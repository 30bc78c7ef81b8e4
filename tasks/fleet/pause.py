"""One pause for the fleet: while any reason holds, nothing is sent, and jobs wait in Redis."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from redis import Redis

from tasks.store import keys
from tasks.store.scripts import source


class PauseReason(StrEnum):
    """Why the fleet waits; several may hold at once."""

    #: Genesys Cloud said 429; ends by itself.
    RATE_LIMIT = "rate_limit"
    #: Several failed or unknown answers in a row; one probe at a time, until one is placed.
    OUTAGE = "outage"
    #: The client id or secret is refused; the same.
    CREDENTIALS = "credentials"
    #: Many jobs in a row were refused for the same cause, such as a missing permission; the same.
    REFUSAL = "refusal"
    #: Many requests are on the wire and none is answered; ends by itself, within a second.
    SILENCE = "silence"
    #: Redis was started anew; ends by itself, when what was on the wire has ended and is told.
    RESTART = "restart"
    #: A person paused the fleet, and ends it.
    OPERATOR = "operator"


@dataclass(frozen=True, kw_only=True)
class ActivePause:
    """One reason that holds."""

    reason: PauseReason
    message: str
    since: datetime
    #: None: until a person ends it.
    until: datetime | None


class Pause:
    """Begins, ends and tells pauses. Raises LedgerUnavailable when Redis does not answer."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._begin = redis.register_script(source("pause_begin"))
        self._end = redis.register_script(source("pause_end"))

    def begin(self, reason: PauseReason, message: str, *, for_s: float | None) -> None:
        """Pause the fleet for `for_s` seconds, or until somebody ends it; a longer pause for the reason stands."""
        self._begin(
            keys=[keys.pause],
            args=[reason, json.dumps(message), "" if for_s is None else int(for_s * 1000)],
        )

    def end(self, *reasons: PauseReason) -> int:
        """End the pauses for these reasons; how many of them held."""
        return int(self._end(keys=[keys.pause, keys.wake, keys.breaker], args=list(reasons)))

    def entries(self) -> list[ActivePause]:
        """The reasons that hold now, by Redis' clock, longest standing first."""
        seconds, micros = self._redis.time()
        now_ms = seconds * 1000 + micros / 1000
        raw: Any = self._redis.hgetall(keys.pause)
        found = [(PauseReason(reason), json.loads(entry)) for reason, entry in raw.items()]
        held = [
            ActivePause(
                reason=reason,
                message=entry["message"],
                since=_instant(entry["since_ms"]),
                until=entry["until_ms"] and _instant(entry["until_ms"]),
            )
            for reason, entry in found
            if entry["until_ms"] is None or entry["until_ms"] > now_ms
        ]
        return sorted(held, key=lambda entry: entry.since)


def _instant(ms: float) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
