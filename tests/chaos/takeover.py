"""How long it takes until what a killed worker had not sent is in the hands of another."""

import json
from typing import Any, Final

from redis import Redis, RedisError

from tasks.ledger.records import Records
from tasks.store import keys
from tests.chaos.crew import Death

_CLAIMED: Final = frozenset({"preparing", "sending"})


class Takeover:
    """Notes at each death what the dead had in `preparing`; nothing else may be wrong meanwhile."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._records = Records(redis)
        self._seen = 0
        #: Job id -> when a worker died that had it; the last one counts.
        self._left: dict[str, float] = {}

    def look(self, deaths: list[Death]) -> None:
        """Call it often: leases last for seconds."""
        for death in deaths[self._seen :]:
            self._seen += 1
            try:
                ids: Any = self._redis.zrange(keys.leases, 0, -1)
                held = self._records.many(ids)
            except RedisError:
                continue
            for record in held:
                if record and record["state"] == "preparing" and record["worker"].split(":")[-2] == str(death.pid):
                    self._left[record["id"]] = death.at

    def seconds(self) -> list[float]:
        """Return the time from the death until another claimed it, for each job that another claimed.

        How long the job then waited for a free user is not counted.
        """
        found = []
        for job_id, died_at in self._left.items():
            changes: Any = self._redis.lrange(keys.history(job_id), 0, -1)
            entries = [json.loads(change) for change in changes]
            claimed = [ms / 1000 for ms, what, *_ in entries if what in _CLAIMED and ms / 1000 > died_at]
            found += [min(claimed) - died_at] if claimed else []
        return sorted(found)
