"""Every Redis key of the ledger: its name, type, content and lifetime, in one place.

All times in keys are milliseconds of Redis' own clock, with microseconds as the fraction. One fleet has one logical
database: the names are fixed, as those of the producers' queue and of Celery's results are.
"""

from typing import Final

from tasks.codes import State
from tasks.job import PRIORITIES

INBOX_QUEUE: Final = "dial"
#: kombu keeps a message's priority in the list's name; these are its default steps.
INBOX_LISTS: Final = (INBOX_QUEUE, *(f"{INBOX_QUEUE}\x06\x16{step}" for step in (3, 6, 9)))
#: A job's texts and attributes stay far below this, in any encoding of JSON.
MAX_BYTES: Final = 256 * 1024
#: Parsed, JSON may take 25 times its size; what is larger than this never gets to a worker (`lua/parts/cut.lua`).
MAX_READ_BYTES: Final = 8 * MAX_BYTES

#: list: Celery messages that name a due job; shallow.
calls: Final = "dialer.calls"
#: zset: job id -> when its worker's right to it ends; an entry for each job in preparing or sending.
leases: Final = "dialer:leases"
#: hash: reason -> JSON {since_ms, until_ms or null, message}; absent when nothing is paused.
pause: Final = "dialer:pause"
#: hash: when the next slot is free, and what the server told of its window (`lua/parts/pace.lua`).
pace: Final = "dialer:pace"
#: hash: how the last requests fared, and whether the fleet only probes (`lua/parts/breaker.lua`).
breaker: Final = "dialer:breaker"
#: zset: job id -> its not_after, for jobs that have one and no outcome.
expiring: Final = "dialer:expiring"
#: list of at most one token: wakes one sleeping scheduler.
wake: Final = "dialer:wake"
#: zset: worker name -> when it was last seen.
workers: Final = "dialer:workers"
#: hash: worker name -> its concurrency.
concurrency: Final = "dialer:concurrency"
#: string: made with the ledger; another one means that Redis has lost its data.
epoch: Final = "dialer:epoch"
#: string: the run id of the server by which the fleet sends (`lua/parts/restarted.lua`).
run: Final = "dialer:run"
#: stream, capped: one entry an outcome.
outcomes: Final = "dialer:outcomes"


def due_at(priority: int) -> str:
    """Zset: job id -> when it is due; an entry for each job of this priority in queued or scheduled."""
    return f"dialer:due:{priority}"


#: The due sets, highest priority first.
due: Final = [due_at(priority) for priority in reversed(PRIORITIES)]


def job(job_id: str) -> str:
    """Hash: the record. Fields that start with `_` are the ledger's own. Expires after the retention."""
    return f"dialer:job:{job_id}"


def index(state: State | str) -> str:
    """Zset: job id -> when it ended so; entries go with the retention."""
    return f"dialer:index:{state}"


def batch(batch: str, state: State | str) -> str:
    """Zset: the same for one batch; state `open` holds its jobs without an outcome, by acceptance."""
    return f"dialer:batch:{state}:{batch}"


def in_hand(worker: str) -> str:
    """List: raw messages that a worker took from the inbox and has not yet accepted into the ledger."""
    return f"dialer:in-hand:{worker}"


def token(client: str) -> str:
    """Hash: the OAuth token of a client, and refresh_ms: what is left of it when it is refreshed early.

    `client` is a hash of the token endpoint and the client id. Expires before the token does.
    """
    return f"dialer:token:{client}"


def token_lock(client: str) -> str:
    """String: who asks for a token now. Expires a little later than the longest request."""
    return f"dialer:token:{client}:lock"


def token_failure(client: str) -> str:
    """Hash: code, message, told (whether the API said how long to wait). Expires when the next may ask."""
    return f"dialer:token:{client}:failure"


def result(job_id: str) -> str:
    """String, and channel: what Celery's `AsyncResult(job_id)` reads."""
    return f"celery-task-meta-{job_id}"
