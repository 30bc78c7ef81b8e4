"""The calls that are followed from `placed` to their end: when to look at each, and what was found.

settle ─▶ followed ─take─▶ (one request looks at up to 50 calls) ─record─▶ followed again, later
                                                                    └────▶ ended, with a result
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from redis import Redis

from tasks.fleet.pace import Pace
from tasks.ledger.outcome import FIRST_LOOK_S, flat
from tasks.results import CallResult, CallState
from tasks.store import keys
from tasks.store.scripts import source

#: Many calls may be looked at with one request, so the first waits a little for others.
_GATHER_S: Final = 5.0
#: A call whose worker died while it looked is looked at again after this time.
_LEASE_S: Final = 30.0
#: The time to the next look is the age of the call, but not more than this.
_LONGEST_S: Final = 600.0
#: A call that no look has found for this time is given up as `not_known`.
_GIVE_UP_S: Final = 2 * 3600.0


@dataclass(frozen=True, kw_only=True)
class Progress:
    """What one look at a call has found. Instants are epoch seconds, durations seconds; None for what is not told."""

    state: CallState
    #: None while the call goes on.
    result: CallResult | None = None
    #: The raw words that the result rests on, such as `sip:486`, `q850:17` or `disconnect:timeout`.
    detail: str = ""
    answered_at: float | None = None
    ended_at: float | None = None
    #: How long the callee's phone rang.
    ring_s: float | None = None
    talk_s: float | None = None


@dataclass(frozen=True, kw_only=True)
class FollowedCall:
    """A call that goes on. `since_ms` is when it was placed, by Redis' clock."""

    conversation_id: str
    job_id: str
    batch: str
    since_ms: float


@dataclass(frozen=True, kw_only=True)
class Looks:
    """Calls to look at with one request, which may be sent after `wait_s`; no calls: there is nothing to do now."""

    calls: list[FollowedCall] = field(repr=False)
    wait_s: float = 0.0


class Following:
    """Takes calls to look at, and records what was found. Raises LedgerUnavailable when Redis does not answer."""

    def __init__(self, redis: Redis, *, pace: Pace, retention_s: float) -> None:
        self._redis = redis
        self._pace = pace
        self._retention_ms = int(retention_s * 1000)
        self._look = redis.register_script(source("look"))
        self._progress = redis.register_script(source("progress"))

    def take(self, *, most: int) -> Looks:
        """Take at most `most` calls whose look is due, and a slot of the pace for one request."""
        pace = self._pace
        wait_ms, *found = self._look(
            keys=[keys.followed, keys.followed_jobs, keys.pause, keys.pace, keys.calls, *keys.due],
            args=[
                most,
                int(_LEASE_S * 1000),
                int(_GATHER_S * 1000) if most > 1 else 0,
                int(pace.max_wait_s * 1000),
                pace.interval_s * 1000,
                int(pace.late_s * 1000),
            ],
        )
        pairs = zip(found[::2], found[1::2], strict=True)
        return Looks(calls=[_followed(conversation, entry) for conversation, entry in pairs], wait_s=wait_ms / 1000)

    def record(self, found: Sequence[tuple[FollowedCall, Progress | None]]) -> list[CallResult | None]:
        """Record what was found, None for a call that the answer did not have; return the results that are new."""
        pipe = self._redis.pipeline(transaction=False)
        for call, progress in found:
            self._progress(
                keys=[
                    *(keys.job(call.job_id), keys.followed, keys.followed_jobs),
                    *(keys.batch_counts(call.batch), keys.outcomes, keys.history(call.job_id)),
                    keys.batches,
                ],
                args=[
                    call.job_id,
                    call.conversation_id,
                    self._retention_ms,
                    call.since_ms,
                    *(int(FIRST_LOOK_S * 1000), int(_LONGEST_S * 1000), int(_GIVE_UP_S * 1000)),
                    progress.state if progress else "",
                    (progress and progress.result) or "",
                    *(_fields(progress) if progress else ()),
                ],
                client=pipe,
            )
        return [CallResult(reply) if reply else None for reply in pipe.execute()]


def _fields(progress: Progress) -> list[Any]:
    return flat(
        {
            "result_detail": progress.detail,
            "answered_at": _iso(progress.answered_at),
            "ended_at": _iso(progress.ended_at),
            "ring_s": progress.ring_s,
            "talk_s": progress.talk_s,
        }
    )


def _iso(instant: float | None) -> str | None:
    """Return the platform's time in the form of the record's other times."""
    if instant is None:
        return None
    return datetime.fromtimestamp(instant, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _followed(conversation_id: str, entry: str) -> FollowedCall:
    job_id, batch, since_ms = json.loads(entry)
    return FollowedCall(conversation_id=conversation_id, job_id=job_id, batch=batch, since_ms=since_ms)
