"""One pace for the fleet: how far apart requests leave, and how long a worker waits for its slot.

The slots themselves are handed out in Redis (`lua/pace.lua`), so that any number of workers share one limit.
"""

from dataclasses import dataclass
from math import ceil
from typing import Self

from config.settings import RateLimit

#: Share of the limit held back, against requests that reach the server later than they left.
_HELD_BACK = 0.01


@dataclass(frozen=True, kw_only=True)
class Pace:
    """`burst` requests at once after idleness, then one each `interval_s`.

    No window of the limit's length, wherever it begins, holds more than the limit: that is
    `burst + period / interval`, with `held back` to spare.
    """

    interval_s: float
    burst: int
    #: A worker holds a slot this long at the most; whoever would wait longer gives the job back.
    max_wait_s: float = 3.0
    #: A slot that was used later than this is void, for it would bunch with those behind it.
    late_s: float = 0.25
    #: How far ahead jobs are handed to workers.
    horizon_s: float = 2.0

    @classmethod
    def of(cls, limit: RateLimit) -> Self:
        burst = 1
        spare = ceil(limit.count * _HELD_BACK) if limit.count >= 10 else 0  # noqa: PLR2004 - 1 of 9 is too dear
        return cls(interval_s=limit.period_s / max(limit.count - burst - spare, 1), burst=burst)
