"""The pace of the fleet: the interval between requests, and how long a worker waits for a slot.

Redis assigns the slots (`lua/parts/pace.lua`), so that any number of workers share one limit.
"""

from dataclasses import dataclass
from typing import Self

from config.settings import RateLimit

#: How much longer than another a request may take to arrive: a share of the period, and at least this many seconds.
_ALLOWANCE = 0.01
_LEAST_ALLOWANCE_S = 0.05


@dataclass(frozen=True, kw_only=True)
class Pace:
    """One request each `interval_s`, by Redis' clock.

    `count` intervals together are as long as the limit's period and the allowance. So no window of that period,
    wherever it begins, has more requests than the limit, even if a request arrives late by the whole allowance.
    """

    interval_s: float
    #: A slot may not be used later than this: its request would be too close to the next ones.
    late_s: float = _LEAST_ALLOWANCE_S
    #: A worker waits for a slot at most this long; otherwise the job is requeued.
    max_wait_s: float = 3.0
    #: Jobs are nudged at most this long before their slots.
    horizon_s: float = 2.0

    @classmethod
    def of(cls, limit: RateLimit) -> Self:
        """Return the pace that keeps a limit."""
        allowance_s = max(limit.period_s * _ALLOWANCE, _LEAST_ALLOWANCE_S)
        return cls(interval_s=(limit.period_s + allowance_s) / limit.count, late_s=allowance_s)
