"""One pace for the fleet: how far apart requests leave, and how long a worker waits for its slot.

The slots themselves are handed out in Redis (`lua/parts/pace.lua`), so that any number of workers share one limit.
"""

from dataclasses import dataclass
from typing import Self

from config.settings import RateLimit

#: What a request may take longer to arrive than another: a share of the period, and never less than so much.
_ALLOWANCE = 0.01
_LEAST_ALLOWANCE_S = 0.05


@dataclass(frozen=True, kw_only=True)
class Pace:
    """One request each `interval_s`, by Redis' clock.

    `count` intervals span the limit's period and the allowance: no window of the period's length, wherever it
    begins, holds more than the limit, even if a request arrives later than its slot by the whole allowance.
    """

    interval_s: float
    #: A slot that was used later than this is void, for it would bunch with those behind it.
    late_s: float = _LEAST_ALLOWANCE_S
    #: A worker holds a slot this long at the most; whoever would wait longer gives the job back.
    max_wait_s: float = 3.0
    #: How far ahead jobs are handed to workers.
    horizon_s: float = 2.0

    @classmethod
    def of(cls, limit: RateLimit) -> Self:
        """The pace that keeps a limit."""
        allowance_s = max(limit.period_s * _ALLOWANCE, _LEAST_ALLOWANCE_S)
        return cls(interval_s=(limit.period_s + allowance_s) / limit.count, late_s=allowance_s)
