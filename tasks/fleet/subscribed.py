"""The users whose events are received, and how many of their calls ended without one.

A WebSocket can be open and silent. Look-ups find it out: a call that was placed after its user had been subscribed,
and whose end a look-up finds first, was missed. An event of that user's sets the count to zero.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from redis import Redis

from tasks.fleet.event_lease import LEASE_S
from tasks.store import keys
from tasks.store.client import now_ms
from tasks.store.scripts import source

_LIFE_MS: Final = int(LEASE_S * 1000)


class SubscribedUsers:
    """The list of the fleet, which ends with the holder's lease.

    Raises LedgerUnavailable when Redis does not answer.
    """

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._missed = redis.register_script(source("missed"))

    def keep(self, users: Sequence[str]) -> dict[str, int]:
        """Note whose events are received now, and keep the list for as long as the lease.

        Return how many of each user's calls in a row ended without an event.
        """
        known: Any = self._redis.zrange(keys.events_users, 0, -1)
        new, gone = set(users).difference(known), set(known).difference(users)
        now = now_ms(self._redis) if new else 0.0
        pipe = self._redis.pipeline(transaction=False)
        if new:
            pipe.zadd(keys.events_users, dict.fromkeys(new, now))
        if gone:
            pipe.zrem(keys.events_users, *gone)
        if new or gone:
            pipe.hdel(keys.events_missed, *new, *gone)
        pipe.pexpire(keys.events_users, _LIFE_MS)
        pipe.pexpire(keys.events_missed, _LIFE_MS)
        pipe.hgetall(keys.events_missed)
        *_, missed = pipe.execute()
        return {user: int(count) for user, count in missed.items()}

    def told(self, users: Iterable[str]) -> None:
        """Note that events told of the end of a call of each of these users."""
        if found := set(users):
            self._redis.hdel(keys.events_missed, *found)

    def missed(self, calls: Sequence[tuple[str, float]]) -> None:
        """Count calls whose end a look-up found first: the user of each, and when it was placed, in ms."""
        if not calls:
            return
        args = [value for call in calls for value in call]
        self._missed(keys=[keys.events_users, keys.events_missed], args=args)
