"""The way into the ledger: a job, or the refusal of an invalid message, is entered once and answered every time."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from redis import Redis

from tasks.codes import Code, State
from tasks.job import Job, fingerprint
from tasks.ledger.outcome import outcome_fields, outcome_keys
from tasks.store import keys
from tasks.store.scripts import source

_TO_RAW_MAX: Final = 64


class Acceptance(StrEnum):
    """The result of entering a job into the ledger."""

    ACCEPTED = "accepted"
    REPLAY = "replay"
    CONFLICT = "conflict"


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """A message that is not a valid job, and why; `fingerprint` tells a replay of it from another one."""

    id: str
    #: The producer's id as it came, under which it reads Celery's result; None if the record has that id.
    result_id: str | None = field(default=None, repr=False)
    fingerprint: str
    code: Code
    message: str


class Acceptor:
    """What producers, `dialer enqueue` and `dialer import` need of the ledger.

    Raises LedgerUnavailable when Redis does not answer; a job that is then entered again is entered once.
    """

    def __init__(self, redis: Redis, *, retention_s: float) -> None:
        self._redis = redis
        self._retention_ms = int(retention_s * 1000)
        self._accept = redis.register_script(source("accept"))
        self._reject = redis.register_script(source("reject"))

    def accept(self, entries: Sequence[Job | Refusal]) -> list[tuple[Acceptance, State]]:
        """Enter jobs, and refusals as rejected, in one pipeline; return the result and the present state of each."""
        if not entries:
            return []
        pipe = self._redis.pipeline(transaction=False)
        for entry in entries:
            if isinstance(entry, Job):
                self._enter(entry, pipe)
            else:
                self._refuse(entry, pipe)
        return [(Acceptance(verdict), State(state)) for verdict, state in pipe.execute()]

    def look(self, jobs: Sequence[Job]) -> list[tuple[Acceptance, State]]:
        """Return what `accept` would return for each of these jobs if it came alone; nothing is changed."""
        pipe = self._redis.pipeline(transaction=False)
        for job in jobs:
            self._enter(job, pipe, only_look=True)
        return [(Acceptance(verdict), State(state)) for verdict, state in pipe.execute()] if jobs else []

    def _enter(self, job: Job, pipe: Any, *, only_look: bool = False) -> None:
        content = job.content()
        self._accept(
            keys=[
                keys.job(job.id),
                keys.due_at(job.priority),
                keys.wake,
                keys.batch(job.batch or "", "open"),
                keys.expiring,
                keys.history(job.id),
                keys.batch_counts(job.batch or ""),
                keys.batches,
            ],
            args=[
                job.id,
                content,
                fingerprint(content),
                _ms(job.not_before),
                _ms(job.not_after),
                job.priority,
                job.batch or "",
                job.to[:_TO_RAW_MAX],
                "1" if only_look else "",
            ],
            client=pipe,
        )

    def _refuse(self, refusal: Refusal, pipe: Any) -> None:
        fields = outcome_fields(refusal.code, refusal.message)
        result_id = refusal.id if refusal.result_id is None else refusal.result_id
        self._reject(
            keys=outcome_keys(refusal.id, None, State.REJECTED, result_id=result_id),
            args=[refusal.id, refusal.fingerprint, self._retention_ms, result_id, *fields],
            client=pipe,
        )


def _ms(instant: datetime | None) -> int | str:
    return "" if instant is None else int(instant.timestamp() * 1000)
