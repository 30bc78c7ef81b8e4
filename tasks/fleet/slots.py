"""Slots of the pace for requests that place no call and look up none."""

from typing import Any

from redis import Redis

from tasks.fleet.pace import Pace
from tasks.store import keys
from tasks.store.scripts import source


class Slots:
    """Reserves slots. Raises LedgerUnavailable when Redis does not answer."""

    def __init__(self, redis: Redis, *, pace: Pace) -> None:
        self._pace = pace
        self._spare_slot = redis.register_script(source("spare_slot"))

    def reserve(self) -> float | None:
        """Return after how many seconds one request may be sent; None: not now, and no slot was reserved."""
        pace = self._pace
        wait_ms: Any = self._spare_slot(
            keys=[keys.pause, keys.pace],
            args=[int(pace.max_wait_s * 1000), pace.interval_s * 1000, int(pace.late_s * 1000)],
        )
        return None if wait_ms < 0 else wait_ms / 1000
