"""Users who are set aside until they are seen available: one worker asks at a time, and whoever is there is back."""

from typing import Any, Final, NamedTuple, Self

from redis import Redis

from tasks.fleet.pause import PauseReason
from tasks.store import keys

#: The time between two questions of the fleet.
ASK_EVERY_S: Final = 30


class SetAside(NamedTuple):
    """An entry of the users who are set aside (`lua/parts/aside.lua`)."""

    #: Missed calls in a row.
    missed: int
    #: None: until the user is seen available, or a person says so.
    until_ms: float | None

    @classmethod
    def read(cls, entry: str) -> Self:
        missed, _, until = entry.partition(":")
        return cls(int(missed), None if until == "-1" else float(until))


class Aside:
    """Raises LedgerUnavailable when Redis does not answer."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def take(self, *, most: int) -> list[str]:
        """Return users who are set aside without an end, if nobody has asked about them lately."""
        entries: Any = self._redis.hgetall(keys.users_aside)
        users = sorted(user for user, entry in entries.items() if SetAside.read(entry).until_ms is None)[:most]
        if users and self._redis.set(keys.users_asked, "1", ex=ASK_EVERY_S, nx=True):
            return users
        return []

    def bring_back(self, users: list[str]) -> None:
        """Give these users calls again; a fleet that paused because nobody was there goes on."""
        if users:
            pipe = self._redis.pipeline(transaction=False)
            pipe.hdel(keys.users_aside, *users)
            pipe.hdel(keys.pause, PauseReason.NOBODY_THERE)
            pipe.execute()
