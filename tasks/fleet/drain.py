"""How long the backlog takes, or why nobody can tell."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from config.settings import RateLimit
from tasks.fleet.pace import Pace

#: `pace.lua` counts requests in spans of ten seconds, and keeps the last seven.
SPAN_S: Final = 10
_SPANS: Final = 7


class Basis(StrEnum):
    """What an estimate is based on, or why there is none."""

    #: The requests that were sent while jobs were due and waited.
    RATE = "rate"
    #: The rate limit: nothing was measured yet, so it takes at least as long.
    PACE = "pace"
    #: The fleet is paused.
    PAUSED = "paused"
    #: The circuit breaker lets one job at a time through.
    PROBING = "probing"
    #: Jobs are due, and no worker runs.
    NO_WORKER = "no_worker"


@dataclass(frozen=True, kw_only=True)
class Drain:
    """The time until the present backlog is sent; None if only the end of what `basis` names can tell."""

    seconds: float | None
    basis: Basis


def drain(*, backlog: int, limit: RateLimit, rate: float | None, paused: bool, probing: bool, works: bool) -> Drain:
    """Estimate how long `backlog` jobs take. `rate` comes from `measured_rate`; `works`: a worker runs."""
    for holds, why in ((paused, Basis.PAUSED), (probing, Basis.PROBING), (backlog and not works, Basis.NO_WORKER)):
        if holds:
            return Drain(seconds=None, basis=why)
    if rate is None:
        return Drain(seconds=backlog * Pace.of(limit).interval_s, basis=Basis.PACE)
    return Drain(seconds=backlog / rate, basis=Basis.RATE)


@dataclass(frozen=True, kw_only=True)
class Remaining:
    """The jobs of a batch without an outcome. Spans are seconds from now; they matter only if `later` is not 0."""

    due: int
    #: Jobs that are due later, and when the first and the last of them are.
    later: int = 0
    first_later_s: float = 0.0
    last_later_s: float = 0.0


def time_left(
    jobs: Remaining, *, ahead: int, limit: RateLimit, rate: float | None, paused: bool, probing: bool, works: bool
) -> Drain:
    """Estimate the time until all of these jobs have an outcome, like `drain`.

    `rate` is that of the batch itself, in outcomes per second. If it was not measured, `ahead` jobs of others, which
    are due too, come first. A job that is due later waits for its time, and then for the jobs before it.
    """
    total = jobs.due + jobs.later
    each = drain(backlog=min(total, 1), limit=limit, rate=rate, paused=paused, probing=probing, works=works)
    if not each.seconds:
        return each
    queue_s = (total + (ahead if rate is None else 0)) * each.seconds
    late_s = max(jobs.last_later_s, jobs.first_later_s + jobs.later * each.seconds) if jobs.later else 0.0
    return Drain(seconds=max(queue_s, late_s), basis=each.basis)


def measured_rate(pace: dict[str, Any], now_ms: float, waiting_since_ms: float | None) -> float | None:
    """Return the requests per second in the full spans in which a job was due and waited; None if there were none.

    Before that, the fleet may have had nothing to do, and its rate says nothing about the backlog. `pace` is the hash
    of the pace.
    """
    if waiting_since_ms is None:
        return None
    tick = int(now_ms / 1000 // SPAN_S)
    first = max(int(-(-waiting_since_ms / 1000 // SPAN_S)), tick - _SPANS + 1)
    spans = tick - first
    sent = sent_since(pace, first) - sent_since(pace, tick)
    return sent / (spans * SPAN_S) if spans > 0 and sent else None


def sent_since(pace: dict[str, Any], first: int) -> int:
    """Return how many requests were sent in the span of this number and later."""
    return sum(int(pace.get(f"sent{n}", 0)) for n in range(_SPANS) if int(pace.get(f"tick{n}", 0)) >= first)
