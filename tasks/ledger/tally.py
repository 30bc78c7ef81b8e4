"""What the scripts count of a batch (`lua/parts/count_batch.lua`), and what its indexes tell without a scan."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from redis import Redis

from tasks.codes import OUTCOMES, State
from tasks.results import CallResult
from tasks.store import keys
from tasks.store.client import now_ms

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
_ENDED: Final = [state for state in State if state in OUTCOMES]


@dataclass(frozen=True, kw_only=True)
class Tally:
    """How far a batch is. Times are epoch milliseconds by Redis' clock; None for what is not known."""

    name: str
    now_ms: float
    #: `open` and each outcome -> jobs within the retention.
    states: dict[str, int]
    #: (outcome, code) -> jobs; an earlier version did not count them.
    codes: dict[tuple[State, str], int]
    #: Result -> calls, in the order of `CallResult`.
    results: dict[str, int]
    #: Calls that go on, because they are placed, followed, and have no result.
    going_on: int
    #: Open jobs that are due later, and when the first and the last one is.
    later: int
    first_later_ms: float | None
    last_later_ms: float | None
    #: When the first job was accepted, and when the last change was.
    first_ms: float | None
    last_ms: float | None
    #: The outcomes in each of the last minutes, the present one last; without jobs that were cancelled or expired.
    minutes: list[int]
    #: Outcomes per second in the last minutes in which there were any; None if there were too few.
    rate: float | None

    @property
    def jobs(self) -> int:
        return sum(self.states.values())

    @property
    def done(self) -> int:
        return self.jobs - self.states["open"]

    @property
    def due(self) -> int:
        """Open jobs that are due or in progress."""
        return self.states["open"] - self.later

    def uncounted(self, state: State) -> int:
        """Return how many jobs with this outcome have a code that was not counted."""
        return max(self.states[state] - sum(count for (of, _), count in self.codes.items() if of is state), 0)


def read_tally(redis: Redis, batch: str) -> Tally:
    """Read the numbers of a batch, all 0 if there is no such batch. Raises LedgerUnavailable."""
    now = now_ms(redis)
    pipe: Any = redis.pipeline(transaction=False)
    batch_open = keys.batch(batch, "open")
    for key in (batch_open, *(keys.batch(batch, state) for state in _ENDED)):
        pipe.zcard(key)
    pipe.zcount(batch_open, f"({now}", "+inf")
    pipe.zrangebyscore(batch_open, f"({now}", "+inf", start=0, num=1, withscores=True)
    pipe.zrevrangebyscore(batch_open, "+inf", f"({now}", start=0, num=1, withscores=True)
    pipe.zscore(keys.batches, batch)
    pipe.zcard(keys.followed)
    pipe.hgetall(keys.batch_counts(batch))
    *cards, later, first_later, last_later, last_ms, followed, counts = pipe.execute()
    states = dict(zip(("open", *map(str, _ENDED)), cards, strict=True))
    results = results_of(counts)
    return Tally(
        name=batch,
        now_ms=now,
        states=states,
        codes=_codes(counts),
        results=results,
        going_on=max(min(states[State.PLACED] - sum(results.values()), followed), 0),
        later=min(later, states["open"]),
        first_later_ms=_score(first_later),
        last_later_ms=_score(last_later),
        first_ms=float(counts["first_ms"]) if "first_ms" in counts else None,
        last_ms=last_ms,
        minutes=[count for _, count in by_minute(counts, now)],
        rate=measured(by_minute(counts, now), now),
    )


def by_minute(counts: Mapping[str, str], now: float) -> list[tuple[float, int]]:
    """Return the time of the first outcome and the number of outcomes for each of the last minutes, oldest first."""
    minute = int(now // _MINUTE_MS)
    found = []
    for each in range(minute - MINUTES + 1, minute + 1):
        began = float(counts.get(f"began{each % MINUTES}", 0))
        is_this = began // _MINUTE_MS == each
        found.append((began, int(counts[f"ended{each % MINUTES}"])) if is_this else (math.inf, 0))
    return found


def measured(minutes: list[tuple[float, int]], now: float) -> float | None:
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


def results_of(counts: Any) -> dict[str, int]:
    """Return how many calls have each result, in the order of `CallResult`, without those of none."""
    found = {str(result): int(counts.get(f"counted_result:{result}", 0)) for result in CallResult}
    return {result: count for result, count in found.items() if count > 0}


def _codes(counts: Mapping[str, str]) -> dict[tuple[State, str], int]:
    found: dict[tuple[State, str], int] = {}
    for state in _ENDED:
        prefix = f"counted_{state}:"
        own = {name.removeprefix(prefix): int(count) for name, count in counts.items() if name.startswith(prefix)}
        found |= {(state, code): count for code, count in sorted(own.items()) if count > 0}
    return found


def _score(found: list[tuple[str, float]]) -> float | None:
    return found[0][1] if found else None
