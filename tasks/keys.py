"""Every Redis key of the ledger: its name, type, content and lifetime, in one place.

All times in keys are milliseconds of Redis' own clock, with microseconds as the fraction.
"""

from tasks.codes import State
from tasks.job import PRIORITIES

INBOX_QUEUE = "dial"
#: kombu keeps a message's priority in the list's name; these are its default steps.
INBOX_LISTS = (INBOX_QUEUE, *(f"{INBOX_QUEUE}\x06\x16{step}" for step in (3, 6, 9)))


class Keys:
    """The key names under one prefix (`DIALER_KEY_PREFIX`)."""

    def __init__(self, prefix: str = "dialer:") -> None:
        self.prefix = prefix
        #: list: Celery messages that name a due job; shallow; `dialer.calls` with the default prefix.
        self.calls = f"{prefix.rstrip(':')}.calls"
        #: zset: job id -> when its worker's right to it ends; an entry for each job in preparing or sending.
        self.leases = f"{prefix}leases"
        #: hash: reason -> JSON {since_ms, until_ms or null, message}; absent when nothing is paused.
        self.pause = f"{prefix}pause"
        #: hash: when the next slot is free, and what the server told of its window (`lua/pace.lua`).
        self.pace = f"{prefix}pace"
        #: hash: how the last requests fared, and whether the fleet only probes (`lua/health.lua`).
        self.health = f"{prefix}health"
        #: zset: job id -> its not_after, for jobs that have one and no outcome.
        self.expiring = f"{prefix}expiring"
        #: list of at most one token: wakes one sleeping scheduler.
        self.wake = f"{prefix}wake"
        #: zset: worker name -> when it was last seen.
        self.workers = f"{prefix}workers"
        #: hash: worker name -> its concurrency.
        self.concurrency = f"{prefix}concurrency"
        #: string: made with the ledger; another one means that Redis has lost its data.
        self.epoch = f"{prefix}epoch"
        #: string: the run id of the server by which the fleet sends (`lua/restarted.lua`).
        self.run = f"{prefix}run"
        #: stream, capped: one entry an outcome.
        self.outcomes = f"{prefix}outcomes"
        #: zsets, one a priority, 9 first: job id -> when it is due; an entry for each job in queued or scheduled.
        self.due = [self.due_at(priority) for priority in reversed(PRIORITIES)]

    def due_at(self, priority: int) -> str:
        return f"{self.prefix}due:{priority}"

    def job(self, job_id: str) -> str:
        """Hash: the record. Fields that start with `_` are the ledger's own. Expires after the retention."""
        return f"{self.prefix}job:{job_id}"

    def index(self, state: State | str) -> str:
        """Zset: job id -> when it ended so; entries go with the retention."""
        return f"{self.prefix}index:{state}"

    def batch(self, batch: str, state: State | str) -> str:
        """Zset: the same for one batch; state `open` holds its jobs without an outcome, by acceptance."""
        return f"{self.prefix}batch:{state}:{batch}"

    def in_hand(self, worker: str) -> str:
        """List: raw messages that a worker took from the inbox and has not yet accepted into the ledger."""
        return f"{self.prefix}in-hand:{worker}"

    @staticmethod
    def result(job_id: str) -> str:
        """String, and channel: what Celery's `AsyncResult(job_id)` reads."""
        return f"celery-task-meta-{job_id}"
