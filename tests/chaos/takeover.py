"""How long it takes until what a killed worker had not sent is sent by another."""

from datetime import datetime
from typing import Any

from redis import Redis, RedisError

from tasks.ledger.records import Records
from tasks.store import keys
from tests.chaos.crew import Death


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
        """From the death to the request that another sent, for each job that was placed or may have been."""
        found = []
        for job_id, died_at in self._left.items():
            record = self._records.show(job_id)
            if record and "sent_at" in record:
                found.append(datetime.fromisoformat(record["sent_at"]).timestamp() - died_at)
        return sorted(found)
