"""The outcomes of a batch in each of the last minutes (`lua/parts/count_batch.lua`), and the rate that they show."""

import math
from collections.abc import Mapping
from typing import Final

#: `count_batch.lua` counts the outcomes of so many minutes.
MINUTES: Final = 30
_MINUTE_MS: Final = 60_000
#: The rate is that of so many minutes at most, so that it follows a change within that time.
_RATE_MINUTES: Final = 5
#: With fewer outcomes, or in a shorter time, chance decides.
_LEAST_OUTCOMES: Final = 5
_LEAST_RATE_S: Final = 10.0
#: A minute without an outcome means that the batch stands still, unless the minute has only begun.
_STANDS_STILL_S: Final = 20.0


def by_minute(counts: Mapping[str, str], now: float) -> list[tuple[float, int]]:
    """Return the time of the first outcome and the number of outcomes for each of the last minutes, oldest first."""
    minute = int(now // _MINUTE_MS)
    found = []
    for each in range(minute - MINUTES + 1, minute + 1):
        began = float(counts.get(f"began{each % MINUTES}", 0))
        is_this = began // _MINUTE_MS == each
        found.append((began, int(counts[f"ended{each % MINUTES}"])) if is_this else (math.inf, 0))
    return found


def measured_rate(minutes: list[tuple[float, int]], now: float) -> float | None:
    """Return the outcomes per second since the first one in the last unbroken row of minutes with outcomes."""
    *before, present = minutes
    if not present[1] and now % _MINUTE_MS > _STANDS_STILL_S * 1000:
        return None
    began, outcomes = present
    for earlier, count in reversed(before[-_RATE_MINUTES:]):
        if not count:
            break
        began, outcomes = earlier, outcomes + count
    span_s = (now - began) / 1000
    if outcomes < _LEAST_OUTCOMES or span_s < _LEAST_RATE_S:
        return None
    return (outcomes - 1) / span_s  # the span begins with the first outcome
