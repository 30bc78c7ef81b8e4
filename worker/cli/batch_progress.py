"""What `dialer batch NAME` knows: the numbers of the batch, what its jobs wait for, and the time left."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from redis import Redis

from config.settings import Settings
from tasks.codes import Code, State, fix_of
from tasks.fleet.drain import Drain, Remaining, time_left
from tasks.fleet.status import FleetStatus, look
from tasks.ledger.tally import Tally, read_tally
from tasks.results import RESULT_WORDS, CallResult


@dataclass(frozen=True, kw_only=True)
class BatchProgress:
    """The numbers of a batch, and those of the fleet at the same time."""

    tally: Tally
    fleet: FleetStatus
    #: Until all jobs have an outcome.
    left: Drain

    @property
    def percent(self) -> int:
        """The share of the jobs that have an outcome; 100 only if all have one."""
        return self.tally.done * 100 // max(self.tally.jobs, 1)

    @property
    def all_placed(self) -> bool:
        return self.tally.states[State.PLACED] == self.tally.jobs


def progress_of(redis: Redis, settings: Settings, batch: str) -> BatchProgress:
    """Read how far a batch is, in a few round trips. Raises LedgerUnavailable."""
    fleet = look(redis, limit=settings.rate_limit, scan=False)
    tally = read_tally(redis, batch)
    left = time_left(
        Remaining(
            due=tally.due,
            later=tally.later,
            first_later_s=_seconds_until(tally.first_later_ms, tally),
            last_later_s=_seconds_until(tally.last_later_ms, tally),
        ),
        ahead=max(fleet.inbox + fleet.due + fleet.in_flight - tally.due, 0),
        limit=settings.rate_limit,
        rate=tally.rate,
        paused=bool(fleet.pauses),
        probing=bool(fleet.probing),
        works=bool(fleet.workers),
    )
    return BatchProgress(tally=tally, fleet=fleet, left=left)


def as_object(progress: BatchProgress, settings: Settings) -> dict[str, Any]:
    """Return the progress for JSON; times are in ISO 8601."""
    tally, fleet, left = progress.tally, progress.fleet, progress.left
    return {
        "batch": tally.name,
        "jobs": tally.jobs,
        "done": tally.done,
        "percent": progress.percent,
        "states": {state: count for state, count in tally.states.items() if count},
        "codes": [
            {"state": state, "code": code, "jobs": count, "fix": fix(code, settings)}
            for (state, code), count in tally.codes.items()
        ],
        "results": tally.results,
        "fixes": {result: RESULT_WORDS[CallResult(result)].fix for result in tally.results},
        "going_on": tally.going_on,
        "waiting": {
            "due": tally.due,
            "later": tally.later,
            "first_later_at": iso(tally.first_later_ms),
            "last_later_at": iso(tally.last_later_ms),
            "paused": [entry.reason for entry in fleet.pauses],
            "probing": fleet.probing,
            "workers": len(fleet.workers),
        },
        "rate_per_minute": None if tally.rate is None else round(tally.rate * 60, 1),
        "left_s": None if left.seconds is None else round(left.seconds, 1),
        "left_basis": left.basis,
        "minutes": tally.minutes,
        "first_at": iso(tally.first_ms),
        "last_at": iso(tally.last_ms),
    }


def fix(code: str, settings: Settings) -> str:
    """Return how to fix the problem; a newer version may have counted a code that this one does not know."""
    return fix_of(Code(code), settings.profile) if code in set(Code) else ""


def iso(at_ms: float | None) -> str | None:
    """Return a time in the form of the record's."""
    if at_ms is None:
        return None
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _seconds_until(at_ms: float | None, tally: Tally) -> float:
    return 0.0 if at_ms is None else (at_ms - tally.now_ms) / 1000
