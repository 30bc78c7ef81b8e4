"""The calls that are followed from `placed` to their end: when to look at each, and what was found.

settle ─▶ followed ─take─▶ (one request looks at up to 50 calls) ─record─▶ followed again, later
                                                            event ─────┤
                                                                       └───▶ ended, with a result
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from redis import Redis

from tasks.codes import State
from tasks.fleet.pace import Pace
from tasks.ledger.conclusion import Conclusion, NextCallRule, Question
from tasks.ledger.outcome import FIRST_LOOK_S, flat, outcome_keys
from tasks.ledger.progress import Progress
from tasks.results import CallResult
from tasks.store import keys
from tasks.store.scripts import source

#: Many calls may be looked at with one request, so the first waits a little for others.
_GATHER_S: Final = 5.0
#: A call whose worker died while it looked is looked at again after this time.
_LEASE_S: Final = 30.0
#: The time to the next look is the age of the call, but not more than this.
_LONGEST_S: Final = 600.0


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


class NewResult(NamedTuple):
    """A result that was not known before; `replaces` is the vague one that stood there, or None."""

    result: CallResult
    replaces: CallResult | None


class Following:
    """Takes calls to look at, and records what was found. Raises LedgerUnavailable when Redis does not answer."""

    def __init__(
        self,
        redis: Redis,
        *,
        pace: Pace,
        retention_s: float,
        give_up_s: float,
        next_call: NextCallRule = lambda _: None,
        redials_all: bool = False,
    ) -> None:
        """`give_up_s`: a call that no look has found for this time is given up as `not_known`.

        `next_call` decides whether a job has another call; `redials_all`: also jobs that do not ask for it.
        """
        self._redis = redis
        self._give_up_ms = int(give_up_s * 1000)
        self._pace = pace
        self._retention_ms = int(retention_s * 1000)
        self._look = redis.register_script(source("look"))
        self._progress = redis.register_script(source("progress"))
        self._conclusion = Conclusion(redis, retention_s=retention_s, next_call=next_call)
        self._redials_all = redials_all

    def take(self, *, most: int) -> Looks:
        """Take at most `most` calls whose look is due, and a slot of the pace for one request."""
        pace = self._pace
        wait_ms, *found = self._look(
            keys=[keys.followed, keys.followed_jobs, keys.pause, keys.pace, keys.calls, keys.waiting, *keys.due],
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

    def calls_of(self, conversation_ids: Sequence[str]) -> dict[str, FollowedCall]:
        """Return those of these conversations that are followed, by their ids."""
        entries: Any = self._redis.hmget(keys.followed_jobs, conversation_ids) if conversation_ids else []
        pairs = zip(conversation_ids, entries, strict=True)
        return {conversation: _followed(conversation, entry) for conversation, entry in pairs if entry}

    def record(
        self, found: Sequence[tuple[FollowedCall, Progress | None]], *, by_event: bool = False
    ) -> list[NewResult | None]:
        """Record what was found, None for a call that the answer did not have; return the results that are new.

        `by_event`: an event told it. A call that ended with a vague result is then looked at once more.
        """
        pipe = self._redis.pipeline(transaction=False)
        for call, progress in found:
            self._progress(
                keys=[
                    *outcome_keys(call.job_id, call.batch, State.PLACED),
                    *(keys.followed, keys.followed_jobs),
                ],
                args=[
                    call.job_id,
                    call.conversation_id,
                    self._retention_ms,
                    call.since_ms,
                    *(int(FIRST_LOOK_S * 1000), int(_LONGEST_S * 1000), self._give_up_ms),
                    "1" if self._redials_all else "",
                    "event" if by_event else "look",
                    progress.state if progress else "",
                    (progress and progress.result) or "",
                    *(flat(progress.fields()) if progress else ()),
                ],
                client=pipe,
            )
        replies = pipe.execute()
        asked = [
            Question(call.job_id, call.batch, call.conversation_id, *rest)
            for (call, _), (_, _, *rest) in zip(found, replies, strict=True)
            if rest
        ]
        self._conclusion.conclude(asked)
        return [_new(told, replaced) for told, replaced, *_ in replies]


def _new(result: str, replaced: str) -> NewResult | None:
    return NewResult(CallResult(result), CallResult(replaced) if replaced else None) if result else None


def _followed(conversation_id: str, entry: str) -> FollowedCall:
    job_id, batch, since_ms = json.loads(entry)
    return FollowedCall(conversation_id=conversation_id, job_id=job_id, batch=batch, since_ms=since_ms)
