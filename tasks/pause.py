"""One pause for the fleet: while any reason holds, nothing is sent, and jobs wait in Redis."""

import json
from enum import StrEnum

from redis import Redis

from tasks.keys import Keys
from tasks.lua import source


class Reason(StrEnum):
    """Why the fleet waits; several may hold at once."""

    RATE_LIMIT = "rate_limit"
    CREDENTIALS = "credentials"
    OPERATOR = "operator"


class Pause:
    """Begins and ends pauses. Raises redis.RedisError when Redis does not answer."""

    def __init__(self, redis: "Redis", *, keys: Keys) -> None:
        self._redis = redis
        self._keys = keys
        self._begin = redis.register_script(source("pause_begin"))
        self._end = redis.register_script(source("pause_end"))

    def begin(self, reason: Reason, message: str, *, for_s: float | None) -> None:
        """Pause the fleet for `for_s` seconds, or until somebody ends it; a longer pause for the reason stands."""
        self._begin(
            keys=[self._keys.pause],
            args=[reason, json.dumps(message), "" if for_s is None else int(for_s * 1000)],
        )

    def end(self, reason: Reason) -> bool:
        """End the pause for one reason; False when there was none."""
        return bool(self._end(keys=[self._keys.pause, self._keys.wake], args=[reason]))
