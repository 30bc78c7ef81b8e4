"""The jobs in doubt: unconfirmed, so that their calls are searched for until they are found or two days have passed.

unconfirmed ─▶ in doubt ─take─▶ (a search serves all jobs of that time) ─bind─▶ placed, and followed
                    ▲                                                    │
                    └──────────────────── note, as evidence ─────────────┘
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from redis import Redis

from tasks.codes import Code, State
from tasks.fleet.capacity import Capacity
from tasks.fleet.pace import Pace
from tasks.ledger.evidence import MOST_LOOKS, Look
from tasks.ledger.outcome import outcome_fields, outcome_keys
from tasks.store import keys
from tasks.store.scripts import source

#: When a call is searched for, in seconds after its request. The first search, some seconds after the job became
#: unconfirmed, is not among them.
SEARCH_AFTER_S: Final = (60.0, 120.0, 300.0, 900.0, 3600.0, 6 * 3600.0, 24 * 3600.0, 48 * 3600.0)
#: A job whose worker died while it searched is searched for again after this time.
LEASE_S: Final = 60.0
_MOST: Final = 200
_SCRIPTS: Final = ("search", "slot", "bind", "evidence", "free")
_FOUND: Final = "Genesys Cloud's answer was lost, and the call was found later."
_FIELDS: Final = ("state", "_fence", "batch", "sent_at", "finished_at", "user_id", "_user", "to", "_job", "calls")


@dataclass(frozen=True, kw_only=True)
class DoubtfulJob:
    """A job whose call is searched for. `sent_at` is in epoch seconds, by Redis' clock."""

    id: str
    fence: int
    batch: str
    sent_at: float
    #: The user and the number (E.164) of the call, or "" if they are not known.
    user_id: str
    to: str = field(repr=False)
    #: The conversations of the job's earlier calls, which the producer asked for.
    earlier: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Doubts:
    """Jobs to search for; the first request may be sent after `wait_s`. `at` is now, in epoch seconds."""

    jobs: list[DoubtfulJob] = field(repr=False)
    at: float
    wait_s: float = 0.0


@dataclass(frozen=True, kw_only=True)
class KnownCall:
    """A call of this fleet, as the ledger knows it."""

    conversation_id: str
    sent_at: float


class Doubt:
    """Takes jobs in doubt, and records what was found. Raises LedgerUnavailable when Redis does not answer."""

    def __init__(self, redis: Redis, *, pace: Pace, retention_s: float, capacity: Capacity | None = None) -> None:
        """Without `capacity`, users have no limit."""
        self._redis = redis
        self._capacity = capacity or Capacity()
        self._pace = pace
        self._retention_ms = int(retention_s * 1000)
        self._scripts = {name: redis.register_script(source(name)) for name in _SCRIPTS}

    def take(self) -> Doubts:
        """Take the jobs whose search is due, and a slot of the pace for one request."""
        wait_ms, now_ms, *ids = self._scripts["search"](
            keys=[keys.in_doubt, keys.pause, keys.pace, keys.calls, keys.waiting, *keys.due],
            args=[_MOST, int(LEASE_S * 1000), *self._slots()],
        )
        jobs = self.read(ids)
        for job_id in set(ids) - {job.id for job in jobs}:
            # The script looks again, because the job may have changed in between.
            self._scripts["evidence"](keys=[keys.job(job_id), keys.in_doubt], args=[job_id, "", "", MOST_LOOKS])
        return Doubts(jobs=jobs, at=now_ms / 1000, wait_s=wait_ms / 1000)

    def slot(self) -> float | None:
        """Return the seconds until one more request may be sent, or None: not now."""
        wait_ms = self._scripts["slot"](
            keys=[keys.pause, keys.pace, keys.calls, keys.waiting, *keys.due],
            args=self._slots(),
        )
        return None if wait_ms < 0 else wait_ms / 1000

    def read(self, job_ids: Sequence[str]) -> list[DoubtfulJob]:
        """Return those of the jobs that are unconfirmed; the others are not in doubt."""
        records = zip(job_ids, self._records(job_ids, _FIELDS), strict=True)
        return [_doubtful(job_id, record) for job_id, record in records if record["state"] == State.UNCONFIRMED]

    def known(self, job_ids: Collection[str]) -> dict[str, KnownCall]:
        """Return the placed calls of those jobs that have one."""
        ids = list(job_ids)
        records = self._records(ids, ("state", "conversation_id", "sent_at"))
        return {
            job_id: KnownCall(conversation_id=record["conversation_id"], sent_at=_seconds(record["sent_at"]))
            for job_id, record in zip(ids, records, strict=True)
            if record["state"] == State.PLACED and record["conversation_id"] and record["sent_at"]
        }

    def bind(self, job: DoubtfulJob, conversation_id: str) -> bool:
        """Record that the call was found, and follow it; False if the job is not in doubt about this attempt."""
        hold = self._capacity.hold_argument(job.user_id)
        follow = {"conversation": conversation_id, "batch": job.batch, "first_ms": 0, "quick_ms": 0}
        verdict, _ = self._scripts["bind"](
            keys=[
                *outcome_keys(job.id, job.batch, State.PLACED),
                *(keys.followed, keys.followed_jobs),
            ],
            args=[
                *(job.id, job.fence, self._retention_ms, json.dumps(follow | ({"hold": hold} if hold else {}))),
                *outcome_fields(Code.PLACED, _FOUND, conversation_id=conversation_id),
            ],
        )
        return bool(verdict == "done")

    @property
    def holds_users(self) -> bool:
        """Whether a call that may be in progress holds its user."""
        return self._capacity.calls_per_user > 0

    def free(self, job: DoubtfulJob) -> bool:
        """End the job's hold of its user, who has no call; return whether there was one."""
        freed = self._scripts["free"](keys=[keys.job(job.id), *keys.capacity], args=[job.id, job.fence])
        return bool(freed)

    def note(self, job: DoubtfulJob, look: Look | None) -> None:
        """Note a search that did not find the call, None for one that told nothing; plan the next one."""
        self._scripts["evidence"](
            keys=[keys.job(job.id), keys.in_doubt],
            args=[
                *(job.id, job.fence, json.dumps(look.as_json()) if look else "", MOST_LOOKS),
                *(int((job.sent_at + after_s) * 1000) for after_s in SEARCH_AFTER_S),
            ],
        )

    def _slots(self) -> list[Any]:
        pace = self._pace
        return [int(pace.max_wait_s * 1000), pace.interval_s * 1000, int(pace.late_s * 1000)]

    def _records(self, job_ids: Sequence[str], fields: Sequence[str]) -> list[dict[str, Any]]:
        pipe: Any = self._redis.pipeline(transaction=False)
        for job_id in job_ids:
            pipe.hmget(keys.job(job_id), list(fields))
        return [dict(zip(fields, values, strict=True)) for values in pipe.execute()]


def _doubtful(job_id: str, record: dict[str, Any]) -> DoubtfulJob:
    asked = json.loads(record["_job"] or "{}")
    return DoubtfulJob(
        id=job_id,
        fence=int(record["_fence"] or 0),
        batch=record["batch"] or "",
        # An outcome that was recorded again after a restart of Redis may have lost the time of its request.
        sent_at=_seconds(record["sent_at"] or record["finished_at"]),
        user_id=record["_user"] or record["user_id"] or asked.get("user_id", ""),
        to=record["to"] or "",
        earlier=frozenset(call.get("conversation_id", "") for call in json.loads(record["calls"] or "[]")) - {""},
    )


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
