"""The users for whom calls are placed."""

from typing import Any

from redis import Redis

from tasks.store import keys


class DialedUsers:
    """Reads the users that the ledger knows. Raises LedgerUnavailable when Redis does not answer."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def ids(self) -> list[str]:
        """Return the ids of all users, those with the highest score first."""
        found: Any = self._redis.zrange(keys.users, 0, -1)
        return list(reversed(found))
