"""What the scripts count of a batch (`lua/parts/count_batch.lua`), and what its indexes tell without a scan."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from redis import Redis

from tasks.codes import OUTCOMES, State
from tasks.ledger.minutes import by_minute, measured_rate
from tasks.results import CallResult
from tasks.store import keys
from tasks.store.client import now_ms

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
    #: Placed calls that have no result yet, as far as the fleet follows any call.
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

    @property
    def over(self) -> bool:
        """Tell whether all jobs have an outcome, and no call goes on."""
        return not self.states["open"] and not self.going_on

    def uncounted(self, state: State) -> int:
        """Return how many jobs with this outcome have a code that was not counted."""
        return max(self.states[state] - sum(count for (of, _), count in self.codes.items() if of is state), 0)


def read_tally(redis: Redis, batch: str) -> Tally:
    """Read the numbers of a batch, all 0 if there is no such batch. Raises LedgerUnavailable."""
    return read_tallies(redis, [batch])[0]


def read_tallies(redis: Redis, batches: Sequence[str]) -> list[Tally]:
    """Read the numbers of many batches in two round trips. Raises LedgerUnavailable."""
    now = now_ms(redis)
    pipe: Any = redis.pipeline(transaction=False)
    pipe.zcard(keys.followed)
    for batch in batches:
        waiting = keys.batch(batch, "open")
        for key in (waiting, *(keys.batch(batch, state) for state in _ENDED)):
            pipe.zcard(key)
        pipe.zcount(waiting, f"({now}", "+inf")
        pipe.zrangebyscore(waiting, f"({now}", "+inf", start=0, num=1, withscores=True)
        pipe.zrevrangebyscore(waiting, "+inf", f"({now}", start=0, num=1, withscores=True)
        pipe.zscore(keys.batches, batch)
        pipe.hgetall(keys.batch_counts(batch))
    followed, *replies = pipe.execute()
    each = len(replies) // max(len(batches), 1)
    return [_tally(batch, now, followed, replies[n * each : (n + 1) * each]) for n, batch in enumerate(batches)]


def _tally(batch: str, now: float, followed: int, replies: list[Any]) -> Tally:
    *cards, later, first_later, last_later, last_ms, counts = replies
    states = dict(zip(("open", *map(str, _ENDED)), cards, strict=True))
    results, minutes = results_of(counts), by_minute(counts, now)
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
        minutes=[count for _, count in minutes],
        rate=measured_rate(minutes, now),
    )


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
